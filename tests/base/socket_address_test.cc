#include "base/socket_address.h"

#include <cstring>

#include <arpa/inet.h>
#include <netinet/in.h>

#include <gtest/gtest.h>

namespace base {
namespace {

TEST(SocketAddress, IsAnIpv4AddressAndAPort) {
  const auto address = parse_socket_address("127.0.0.2:5432");
  ASSERT_TRUE(address);
  ASSERT_EQ(address->family(), AF_INET);
  sockaddr_in four{};
  std::memcpy(&four, address->get(), sizeof(four));
  EXPECT_EQ(ntohs(four.sin_port), 5432);
  EXPECT_EQ(ntohl(four.sin_addr.s_addr), 0x7f000002u);
  EXPECT_EQ(address->length, sizeof(sockaddr_in));
}

TEST(SocketAddress, IsAnIpv6AddressInBrackets) {
  const auto address = parse_socket_address("[::1]:65535");
  ASSERT_TRUE(address);
  EXPECT_EQ(address->family(), AF_INET6);
  EXPECT_EQ(address->length, sizeof(sockaddr_in6));
}

TEST(SocketAddress, TakesThisMachinesNameWithoutLookingItUp) {
  const auto address = parse_socket_address("localhost:80");
  ASSERT_TRUE(address);
  EXPECT_EQ(address->family(), AF_INET);
}

TEST(SocketAddress, RefusesNamesAndWhatIsNoPort) {
  for (const auto* text : {"", ":", "127.0.0.1", "127.0.0.1:", "127.0.0.1:0", "127.0.0.1:65536", "127.0.0.1:80x",
                           "127.0.0.1:-1", "example.com:80", "::1:80", "[::1]", "[]:80", "[127.0.0.1]:80", "1.2.3:4"}) {
    const auto address = parse_socket_address(text);
    ASSERT_FALSE(address) << text;
    EXPECT_EQ(address.error().code, Code::invalid_argument);
  }
}

TEST(SocketAddress, IsOfLoopbackWhenOnlyThisMachineReachesIt) {
  for (const auto* text : {"127.0.0.1:80", "127.9.9.9:80", "[::1]:80", "localhost:80", "[::ffff:127.0.0.1]:80"})
    EXPECT_TRUE(is_loopback(parse_listen_address(text).value())) << text;
  for (const auto* text : {":80", "0.0.0.0:80", "[::]:80", "126.255.255.255:80", "128.0.0.1:80", "[::2]:80",
                           "[::ffff:192.0.2.1]:80", "[2001:db8::1]:80"})
    EXPECT_FALSE(is_loopback(parse_listen_address(text).value())) << text;
}

}  // namespace
}  // namespace base
