#include "chatcore/api/access.h"

#include <algorithm>
#include <array>
#include <cctype>

#include "base/digest.h"
#include "base/http_text.h"
#include "chatcore/access/authenticator.h"

namespace chatcore::api {

std::string_view bearer_of(const base::HttpRequest& request) {
  return access::bearer_of(request.only_header("authorization"));
}

bool is_json(std::string_view content_type) {
  auto type = content_type.substr(0, content_type.find(';'));
  while (type.ends_with(' ')) type.remove_suffix(1);
  return base::lower_case(type) == "application/json";
}

bool is_handed_on(const base::HttpRequest& request) {
  constexpr auto kMarks = std::to_array<std::string_view>({"forwarded",
                                                           "via",
                                                           "cdn-loop",
                                                           "x-real-ip",
                                                           "x-client-ip",
                                                           "x-cluster-client-ip",
                                                           "x-proxyuser-ip",
                                                           "proxy-client-ip",
                                                           "wl-proxy-client-ip",
                                                           "cf-connecting-ip",
                                                           "cf-connecting-ipv6",
                                                           "cf-ray",
                                                           "true-client-ip",
                                                           "fastly-client-ip",
                                                           "fly-client-ip",
                                                           "do-connecting-ip",
                                                           "x-azure-clientip",
                                                           "x-arr-log-id",
                                                           "x-appengine-user-ip",
                                                           "x-amzn-trace-id",
                                                           "x-envoy-external-address"});
  return std::ranges::any_of(request.headers, [&](const auto& header) {
    return header.first.starts_with("x-forwarded") || header.first.starts_with("x-original-") ||
           std::ranges::find(kMarks, header.first) != kMarks.end();
  });
}

std::optional<Problem> check_admin(const base::HttpRequest& request, const AdminAccess& access) {
  if (access.token.empty()) {
    if (access.needs_token && !access.allow_remote) {
      return Problem{
          .status = 403,
          .message =
              "Admin routes need a token here, since the address or the database is reachable from other machines: set "
              "admin.token_file",
          .code = "admin_token_required"};
    }
    if (access.allow_remote || (request.peer_is_loopback && !is_handed_on(request))) return std::nullopt;
    return Problem{.status = 403,
                   .message =
                       "Admin routes answer on loopback only and not through a proxy, unless a token or "
                       "admin.allow_remote is configured",
                   .code = "not_from_loopback"};
  }
  if (base::is_equal_in_constant_time(bearer_of(request), access.token)) return std::nullopt;
  return Problem{.status = 401, .message = "The admin token is missing or wrong", .code = "invalid_admin_token"};
}

std::optional<Problem> check_admin_body(const base::HttpRequest& request) {
  const std::string_view type = request.header("content-type");
  if (is_json(type) || (type.empty() && request.body.empty())) return std::nullopt;
  return Problem{.status = 415,
                 .message = "Admin routes take JSON only: send the header \"Content-Type: application/json\"",
                 .code = "unsupported_media_type"};
}

std::string_view allowed_origin(const base::HttpRequest& request, const std::vector<std::string>& allowed) {
  const std::string_view origin = request.header("origin");
  if (origin.empty()) return "";
  const bool is_allowed =
      std::ranges::any_of(allowed, [&](const std::string& one) { return one == "*" || one == origin; });
  return is_allowed ? origin : "";
}

std::optional<Problem> check_same_site(const base::HttpRequest& request, const std::vector<std::string>& allowed) {
  if (!allowed_origin(request, allowed).empty()) return std::nullopt;
  const Problem refused{.status = 403,
                        .message =
                            "Requests from pages of other sites are refused: name the page's origin in "
                            "allowed_origins. A proxy in front must pass the Host header on unchanged",
                        .code = "cross_site"};
  const std::string_view origin = request.header("origin");
  if (!origin.empty()) {
    const auto scheme_end = origin.find("://");
    const bool same = scheme_end != std::string_view::npos && origin.substr(scheme_end + 3) == request.header("host");
    if (!same) return refused;
  }
  // Following a link to the page is no change, wherever the link stands.
  const bool reads = request.method == "GET" || request.method == "HEAD";
  const std::string_view site = request.header("sec-fetch-site");
  if (reads || site.empty() || site == "same-origin" || site == "none") return std::nullopt;
  return refused;
}

bool is_preflight(const base::HttpRequest& request) {
  return request.method == "OPTIONS" && !request.header("origin").empty() &&
         !request.header("access-control-request-method").empty();
}

base::HttpResponse preflight_response(const base::HttpRequest& request, const std::string& methods) {
  base::HttpResponse response{.status = 204, .headers = {{"access-control-allow-methods", methods}}, .body = ""};
  // Clients send headers of their own (x-stainless-…). All are allowed: no header grants rights that the same request
  // without a browser would not have.
  constexpr std::size_t kMaxBytes = 2048;
  const std::string_view wanted = request.header("access-control-request-headers");
  const bool is_list =
      wanted.size() <= kMaxBytes && std::ranges::all_of(wanted, [](unsigned char c) {
        return std::isalnum(c) != 0 ||
               std::string_view("-_.!#$%&'*+^`|~, ").find(static_cast<char>(c)) != std::string_view::npos;
      });
  if (is_list && !wanted.empty()) response.headers.emplace_back("access-control-allow-headers", wanted);
  if (request.header("access-control-request-private-network") == "true")
    response.headers.emplace_back("access-control-allow-private-network", "true");
  response.headers.emplace_back("access-control-max-age", "600");
  return response;
}

void add_cors_headers(base::HttpHeaders& headers, std::string_view origin) {
  headers.emplace_back("access-control-allow-origin", origin);
  headers.emplace_back("access-control-expose-headers", "x-request-id, x-conversation-id, retry-after");
  headers.emplace_back("vary", "origin");
}

}  // namespace chatcore::api
