#pragma once
// Who may do what, as far as it can be told without accounts: admin routes, and requests that a browser was tricked
// into sending from another site's page.

#include <optional>
#include <string>
#include <string_view>

#include "base/http_server.h"
#include "chatcore/api/problem.h"

namespace chatcore::api {

struct AdminAccess {
  std::string token;          // when set it is asked of everyone, as "Authorization: Bearer …"
  bool allow_remote = false;  // without a token: peers other than loopback too
};

// Empty: let in. Else 401 (token wrong or missing) or 403 (not from loopback).
std::optional<Problem> check_admin(const base::HttpRequest& request, const AdminAccess& access);
// A page of another site may make a visitor's browser send requests to this server: they carry an Origin that is
// not this server's Host, and get 403.
std::optional<Problem> check_same_site(const base::HttpRequest& request);

// Takes the same time wherever the two differ.
bool is_equal_in_constant_time(std::string_view a, std::string_view b);

}  // namespace chatcore::api
