#include "chatcore/conversation/message.h"

#include <gtest/gtest.h>

namespace chatcore::conversation {
namespace {

TEST(Role, IsFoundByTheNameItIsWrittenWith) {
  for (const Role role : {Role::system, Role::user, Role::assistant}) EXPECT_EQ(role_named(name_of(role)), role);
}

TEST(Role, OfAnUnknownNameIsAbsent) {
  EXPECT_EQ(role_named("tool"), std::nullopt);
  EXPECT_EQ(role_named("User"), std::nullopt);
  EXPECT_EQ(role_named(""), std::nullopt);
}

}  // namespace
}  // namespace chatcore::conversation
