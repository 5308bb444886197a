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

// Its other end may be anywhere.
TEST(AdminAccess, AProxyOnThisMachineIsNotThisMachine) {
  for (const char* mark : {"x-forwarded-for", "x-forwarded-proto", "x-forwarded-host", "forwarded", "x-real-ip", "via",
                           "cf-connecting-ip", "true-client-ip", "x-client-ip", "x-envoy-external-address"}) {
    EXPECT_EQ(status_of(check_admin(request_with({{mark, "192.0.2.1"}}, true), {})), 403) << mark;
    EXPECT_EQ(status_of(check_admin(request_with({{mark, "192.0.2.1"}}, true), {.token = "", .allow_remote = true})),
              200);
  }
}

TEST(AdminAccess, WhereOthersReachItATokenIsNeeded) {
  EXPECT_EQ(status_of(check_admin(request_with({}, true), {.token = "", .needs_token = true})), 403);
  EXPECT_EQ(status_of(check_admin(request_with({}, true), {.token = "", .allow_remote = true, .needs_token = true})),
            200);
  EXPECT_EQ(status_of(check_admin(request_with({{"authorization", "Bearer secret"}}, true),
                                  {.token = "secret", .needs_token = true})),
            200);
}

TEST(AdminAccess, ATokenIsAskedOfEveryone) {
  const AdminAccess access{.token = "secret", .allow_remote = true};
  EXPECT_EQ(status_of(check_admin(request_with({}, true), access)), 401);
  EXPECT_EQ(status_of(check_admin(request_with({{"authorization", "Bearer secret"}}, false), access)), 200);
  for (const char* wrong :
       {"secret", "Bearer", "Bearer ", "Bearer secre", "Bearer secrets", "Bearer Secret", "Basic secret"}) {
    EXPECT_EQ(status_of(check_admin(request_with({{"authorization", wrong}}, true), access)), 401) << wrong;
  }
}

TEST(SameSite, AnOriginMustBeTheHost) {
  const auto status = [](const char* origin) {
    return status_of(check_same_site(request_with({{"host", "127.0.0.1:8080"}, {"origin", origin}}, true), {}));
  };
  EXPECT_EQ(status("http://127.0.0.1:8080"), 200);
  EXPECT_EQ(status("https://127.0.0.1:8080"), 200);
  EXPECT_EQ(status("http://127.0.0.1:8081"), 403);
  EXPECT_EQ(status("http://evil.example"), 403);
  EXPECT_EQ(status("null"), 403);
  // As a proxy sends it that puts its own idea of our name in the place of the page's.
  const auto refused =
      check_same_site(request_with({{"host", "127.0.0.1:8080"}, {"origin", "https://chat.example"}}, true), {});
  ASSERT_TRUE(refused);
  EXPECT_NE(refused->message.find("proxy in front must pass the Host header on"), std::string::npos);
}

TEST(SameSite, WithoutAnOriginItIsNoBrowsersCrossSiteRequest) {
  EXPECT_FALSE(check_same_site(request_with({{"host", "a"}}, true), {}));
}

TEST(SameSite, AChangeFromAnotherSiteIsRefusedAndALinkIsNot) {
  const auto status = [](const char* method, const char* site) {
    auto request = request_with({{"host", "a"}, {"sec-fetch-site", site}}, true);
    request.method = method;
    return status_of(check_same_site(request, {}));
  };
  EXPECT_EQ(status("POST", "same-origin"), 200);
  EXPECT_EQ(status("POST", "none"), 200);
  EXPECT_EQ(status("POST", "cross-site"), 403);
  EXPECT_EQ(status("DELETE", "same-site"), 403) << "another port of this machine is the same site";
  EXPECT_EQ(status("GET", "cross-site"), 200);
}

TEST(AdminBody, IsJsonOrNothing) {
  const auto status = [](base::HttpHeaders headers, const char* body) {
    auto request = request_with(std::move(headers), true);
    request.body = body;
    return status_of(check_admin_body(request));
  };
  EXPECT_EQ(status({}, ""), 200);
  EXPECT_EQ(status({{"content-type", "application/json"}}, "{}"), 200);
  EXPECT_EQ(status({{"content-type", "Application/JSON ; charset=utf-8"}}, "{}"), 200);
  EXPECT_EQ(status({}, "{}"), 415);
  for (const char* type : {"application/x-www-form-urlencoded", "text/plain", "multipart/form-data; boundary=x",
                           "application/jsonp", "text/plain; application/json"}) {
    EXPECT_EQ(status({{"content-type", type}}, "{}"), 415) << type;
    EXPECT_EQ(status({{"content-type", type}}, ""), 415) << type;
  }
}

TEST(Bearer, IsWhatFollowsTheSchemeOfTheOneHeader) {
  const auto bearer = [](base::HttpHeaders headers) {
    return std::string(bearer_of(request_with(std::move(headers), true)));
  };
  EXPECT_EQ(bearer({{"authorization", "Bearer abc"}}), "abc");
  EXPECT_EQ(bearer({{"authorization", "bEARER abc"}}), "abc");
  EXPECT_EQ(bearer({{"authorization", "Bearer "}}), "");
  EXPECT_EQ(bearer({{"authorization", "Basic abc"}}), "");
  EXPECT_EQ(bearer({}), "");
  EXPECT_EQ(bearer({{"authorization", "Bearer abc"}, {"authorization", "Bearer abc"}}), "") << "two may disagree";
}

TEST(SameSite, AnAllowedOriginMayAsk) {
  const std::vector<std::string> allowed = {"https://app.example", "http://localhost:3000"};
  const auto status = [&](const char* origin) {
    return status_of(check_same_site(
        request_with({{"host", "127.0.0.1:8080"}, {"origin", origin}, {"sec-fetch-site", "cross-site"}}, true),
        allowed));
  };
  EXPECT_EQ(status("https://app.example"), 200);
  EXPECT_EQ(status("http://localhost:3000"), 200);
  for (const char* other : {"http://app.example", "https://app.example:8443", "https://app.example.evil.example",
                            "https://evil.example", "null", "http://localhost:3001"}) {
    EXPECT_EQ(status(other), 403) << other;
  }
}

std::string header_of(const base::HttpResponse& response, std::string_view name) {
  for (const auto& [key, value] : response.headers) {
    if (key == name) return value;
  }
  return "";
}

TEST(Preflight, AnswersWhatTheBrowserAsks) {
  base::HttpRequest request = request_with({{"origin", "https://app.example"},
                                            {"access-control-request-method", "POST"},
                                            {"access-control-request-headers", "authorization, x-stainless-os"}},
                                           false);
  EXPECT_FALSE(is_preflight(request));
  request.method = "OPTIONS";
  ASSERT_TRUE(is_preflight(request));
  const auto response = preflight_response(request, "GET, POST");
  EXPECT_EQ(response.status, 204);
  EXPECT_EQ(header_of(response, "access-control-allow-methods"), "GET, POST");
  EXPECT_EQ(header_of(response, "access-control-allow-headers"), "authorization, x-stainless-os");
}

TEST(Preflight, NamesNoHeadersThatCannotBeOnes) {
  base::HttpRequest request = request_with({{"origin", "https://app.example"},
                                            {"access-control-request-method", "POST"},
                                            {"access-control-request-headers", "a\x01: b"}},
                                           false);
  EXPECT_EQ(header_of(preflight_response(request, "POST"), "access-control-allow-headers"), "");
}

}  // namespace
}  // namespace chatcore::api
