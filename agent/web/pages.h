#pragma once
// How all answers of the agent's pages look: never cached, never guessed at by a browser.

#include <string>

#include "base/http_server.h"

namespace agent {

inline base::HttpResponse page_of(int status, const char* type, std::string body) {
  return {status,
          {{"Content-Type", type}, {"Cache-Control", "no-store"}, {"X-Content-Type-Options", "nosniff"}},
          std::move(body)};
}
inline base::HttpResponse text_page(int status, std::string body) {
  return page_of(status, "text/plain; charset=utf-8", std::move(body));
}
inline base::HttpResponse json_page(std::string body) { return page_of(200, "application/json", std::move(body)); }

}  // namespace agent
