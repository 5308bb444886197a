#pragma once
// Single questions about a request that auth_middleware.h asks in their order: admin routes, and requests that a
// browser was tricked into sending from another site's page.

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/http_server.h"
#include "chatcore/api/problem.h"

namespace chatcore::api {

struct AdminAccess {
  std::string token;          // when set it is asked of everyone, as "Authorization: Bearer …"
  bool allow_remote = false;  // without a token: peers other than loopback too
  // Without a token admin routes are refused: the address or the database is reachable from other machines.
  bool needs_token = false;
};

// Whether a header shows that a proxy forwarded the request. Its loopback peer then is the proxy, not the client.
bool is_handed_on(const base::HttpRequest& request);
// Empty: let in. Else 401 (token wrong or missing) or 403 (not from loopback, or a token has to be configured).
std::optional<Problem> check_admin(const base::HttpRequest& request, const AdminAccess& access);
// What admin routes take is JSON or nothing at all: any page may make a browser send a form or plain text. Else 415.
std::optional<Problem> check_admin_body(const base::HttpRequest& request);
// The request's Origin, when it is one of `allowed` or `allowed` has "*"; else "".
std::string_view allowed_origin(const base::HttpRequest& request, const std::vector<std::string>& allowed);
// A page of another site may make a principal's browser send requests to this server: they carry an Origin that is
// neither this server's Host nor `allowed`, or say that they come from another site, and get 403.
std::optional<Problem> check_same_site(const base::HttpRequest& request, const std::vector<std::string>& allowed);
// Whether the request is a CORS preflight (Fetch standard): a browser asks whether a page of another origin may send
// one.
bool is_preflight(const base::HttpRequest& request);
// The response to a preflight: allows `methods` ("GET, DELETE") and the requested headers.
base::HttpResponse preflight_response(const base::HttpRequest& request, const std::string& methods);
// Adds the headers with which a browser lets the page of `origin` read the response.
void add_cors_headers(base::HttpHeaders& headers, std::string_view origin);

// What follows "Bearer " in the one Authorization header; "" when there is none, or more than one.
std::string_view bearer_of(const base::HttpRequest& request);
// application/json, with parameters or without.
bool is_json(std::string_view content_type);

}  // namespace chatcore::api
