#pragma once
// Single questions about a request that entrance.h asks in their order: admin routes, and requests that a browser was
// tricked into sending from another site's page.

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

// Whether a proxy says that it handed the request on: who is at this machine's loopback then is the proxy.
bool is_handed_on(const base::HttpRequest& request);
// Empty: let in. Else 401 (token wrong or missing) or 403 (not from loopback).
std::optional<Problem> check_admin(const base::HttpRequest& request, const AdminAccess& access);
// What admin routes take is JSON or nothing at all: any page may make a browser send a form or plain text. Else 415.
std::optional<Problem> check_admin_body(const base::HttpRequest& request);
// A page of another site may make a visitor's browser send requests to this server: they carry an Origin that is
// not this server's Host, or say that they come from another site, and get 403.
std::optional<Problem> check_same_site(const base::HttpRequest& request);

// What follows "Bearer " in the one Authorization header; "" when there is none, or more than one.
std::string_view bearer_of(const base::HttpRequest& request);
// application/json, with parameters or without.
bool is_json(std::string_view content_type);

}  // namespace chatcore::api
