#include "chatcore/api/access.h"

namespace chatcore::api {

bool is_equal_in_constant_time(std::string_view a, std::string_view b) {
  // The length of a token is no secret; its letters are.
  if (a.size() != b.size()) return false;
  unsigned difference = 0;
  for (std::size_t i = 0; i < a.size(); ++i) {
    difference |= static_cast<unsigned>(static_cast<unsigned char>(a[i]) ^ static_cast<unsigned char>(b[i]));
  }
  return difference == 0;
}

std::optional<Problem> check_admin(const base::HttpRequest& request, const AdminAccess& access) {
  if (access.token.empty()) {
    if (request.peer_is_loopback || access.allow_remote) return std::nullopt;
    return Problem{
        .status = 403,
        .message = "Admin routes answer on loopback only, unless a token or admin.allow_remote is configured",
        .code = "not_from_loopback"};
  }
  constexpr std::string_view kScheme = "Bearer ";
  const std::string_view given = request.header("authorization");
  if (given.starts_with(kScheme) && is_equal_in_constant_time(given.substr(kScheme.size()), access.token)) {
    return std::nullopt;
  }
  return Problem{.status = 401, .message = "The admin token is missing or wrong", .code = "invalid_admin_token"};
}

std::optional<Problem> check_same_site(const base::HttpRequest& request) {
  const std::string_view origin = request.header("origin");
  if (origin.empty()) return std::nullopt;
  const auto scheme_end = origin.find("://");
  const bool same = scheme_end != std::string_view::npos && origin.substr(scheme_end + 3) == request.header("host");
  if (same) return std::nullopt;
  return Problem{.status = 403, .message = "Requests from pages of other sites are refused", .code = "cross_site"};
}

}  // namespace chatcore::api
