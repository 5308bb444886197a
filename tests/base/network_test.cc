#include "base/network.h"

#include <gtest/gtest.h>

namespace base {
namespace {

TEST(NetworkOf, TakesAnAddressOrHalfOfALongOne) {
  EXPECT_EQ(network_of("192.0.2.7"), "192.0.2.7");
  EXPECT_EQ(network_of("::ffff:192.0.2.7"), "192.0.2.7");
  EXPECT_EQ(network_of("2001:db8:1:2:3:4:5:6"), "2001:db8:1:2::/64");
  EXPECT_EQ(network_of("::1"), "::/64");
}

}  // namespace
}  // namespace base
