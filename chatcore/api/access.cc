#include "chatcore/api/access.h"

#include <algorithm>
#include <array>

#include "base/http_text.h"
#include "chatcore/access/authenticator.h"
#include "chatcore/access/digest.h"

namespace chatcore::api {

std::string_view bearer_of(const base::HttpRequest& request) {
  const auto is_authorization = [](const auto& header) { return header.first == "authorization"; };
  // Of two, a proxy before us may have looked at the other one.
  if (std::ranges::count_if(request.headers, is_authorization) != 1) return "";
  return access::bearer_of(request.header("authorization"));
}

bool is_json(std::string_view content_type) {
  auto type = content_type.substr(0, content_type.find(';'));
  while (type.ends_with(' ')) type.remove_suffix(1);
  return base::lower_case(type) == "application/json";
}

bool is_handed_on(const base::HttpRequest& request) {
  constexpr std::array<std::string_view, 4> kMarks{"forwarded", "x-forwarded-for", "x-real-ip", "via"};
  return std::ranges::any_of(
      request.headers, [&](const auto& header) { return std::ranges::find(kMarks, header.first) != kMarks.end(); });
}

std::optional<Problem> check_admin(const base::HttpRequest& request, const AdminAccess& access) {
  if (access.token.empty()) {
    if (access.allow_remote || (request.peer_is_loopback && !is_handed_on(request))) return std::nullopt;
    return Problem{.status = 403,
                   .message =
                       "Admin routes answer on loopback only and not through a proxy, unless a token or "
                       "admin.allow_remote is configured",
                   .code = "not_from_loopback"};
  }
  if (access::is_equal_in_constant_time(bearer_of(request), access.token)) return std::nullopt;
  return Problem{.status = 401, .message = "The admin token is missing or wrong", .code = "invalid_admin_token"};
}

std::optional<Problem> check_admin_body(const base::HttpRequest& request) {
  const std::string_view type = request.header("content-type");
  if (is_json(type) || (type.empty() && request.body.empty())) return std::nullopt;
  return Problem{.status = 415,
                 .message = "Admin routes take JSON only: send the header \"Content-Type: application/json\"",
                 .code = "unsupported_media_type"};
}

std::optional<Problem> check_same_site(const base::HttpRequest& request) {
  const Problem refused{
      .status = 403,
      .message =
          "Requests from pages of other sites are refused; a proxy in front must pass the Host header on as it is",
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

}  // namespace chatcore::api
