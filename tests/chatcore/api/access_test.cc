#include "chatcore/api/access.h"

#include <gtest/gtest.h>

namespace chatcore::api {
namespace {

base::HttpRequest request_with(base::HttpHeaders headers, bool loopback) {
  base::HttpRequest request;
  request.headers = std::move(headers);
  request.peer_is_loopback = loopback;
  return request;
}

int status_of(const std::optional<Problem>& problem) { return problem ? problem->status : 200; }

TEST(AdminAccess, WithoutATokenOnlyLoopbackIsLetIn) {
  EXPECT_EQ(status_of(check_admin(request_with({}, true), {})), 200);
  EXPECT_EQ(status_of(check_admin(request_with({}, false), {})), 403);
  EXPECT_EQ(status_of(check_admin(request_with({}, false), {.token = "", .allow_remote = true})), 200);
}

TEST(AdminAccess, ATokenIsAskedOfEveryone) {
  const AdminAccess access{.token = "secret", .allow_remote = true};
  EXPECT_EQ(status_of(check_admin(request_with({}, true), access)), 401);
  EXPECT_EQ(status_of(check_admin(request_with({{"authorization", "Bearer secret"}}, false), access)), 200);
  for (const char* wrong :
       {"secret", "Bearer", "Bearer ", "Bearer secre", "Bearer secret ", "Bearer Secret", "bearer secret"}) {
    EXPECT_EQ(status_of(check_admin(request_with({{"authorization", wrong}}, true), access)), 401) << wrong;
  }
}

TEST(SameSite, AnOriginMustBeTheHost) {
  const auto status = [](const char* origin) {
    return status_of(check_same_site(request_with({{"host", "127.0.0.1:8080"}, {"origin", origin}}, true)));
  };
  EXPECT_EQ(status("http://127.0.0.1:8080"), 200);
  EXPECT_EQ(status("https://127.0.0.1:8080"), 200);
  EXPECT_EQ(status("http://127.0.0.1:8081"), 403);
  EXPECT_EQ(status("http://evil.example"), 403);
  EXPECT_EQ(status("null"), 403);
}

TEST(SameSite, WithoutAnOriginItIsNoBrowsersCrossSiteRequest) {
  EXPECT_FALSE(check_same_site(request_with({{"host", "a"}}, true)));
}

TEST(ConstantTime, ComparesAsEqualsDoes) {
  EXPECT_TRUE(is_equal_in_constant_time("", ""));
  EXPECT_TRUE(is_equal_in_constant_time("abc", "abc"));
  EXPECT_FALSE(is_equal_in_constant_time("abc", "abd"));
  EXPECT_FALSE(is_equal_in_constant_time("abc", "ab"));
}

}  // namespace
}  // namespace chatcore::api
