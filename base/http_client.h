#pragma once
// HTTP requests through libcurl: over TCP, TLS or a unix socket, each with deadlines and a bound on what is
// read. Blocking: call from a Worker, never from the event loop.

#include <chrono>
#include <cstddef>
#include <functional>
#include <stop_token>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "base/result.h"

namespace base {

using HttpHeaders = std::vector<std::pair<std::string, std::string>>;

struct FetchRequest {
  std::string method = "GET";
  std::string url;      // http:// or https:// only; redirects are not followed
  std::string ca_file;  // certificates to trust, in PEM; empty: the system's
  // In PEM, instead of a CA: exactly this certificate is trusted, whatever host it names. For a program that knows the
  // server's certificate file.
  std::string server_certificate;
  std::string unix_socket;  // path of a socket to connect to instead of the URL's host; empty for TCP
  HttpHeaders headers;
  std::string body;
  std::chrono::milliseconds connect_timeout{2000};
  std::chrono::milliseconds total_timeout{10000};  // 0: none, for streams; then idle_timeout guards
  std::chrono::milliseconds idle_timeout{0};       // no byte for so long is deadline_exceeded; 0: none
  std::size_t max_body_bytes = 4u << 20;           // more is too_large (for fetch; a stream is unbounded)
  std::stop_token stop;                            // asked to stop → cancelled, within 250 ms
};

struct FetchResponse {
  int status = 0;       // an HTTP status is a value whatever it is; only a missing answer is an Error
  HttpHeaders headers;  // names in lower case
  std::string body;

  // The header's value, or "" when there is none. `name` in lower case.
  [[nodiscard]] std::string_view header(std::string_view name) const;
};

// Whether it is an http:// or https:// URL with a host and, if any, a port that there can be.
bool is_http_url(const std::string& url);

// Errors: unavailable (no connection, reset), deadline_exceeded, too_large, cancelled, invalid_argument (URL).
Result<FetchResponse> fetch(const FetchRequest& request);

// Hands the body on as it comes; the response's own body stays empty. `on_data` returns false to hang up
// (then cancelled). For statuses other than 2xx the body is collected into the response instead (bounded).
Result<FetchResponse> fetch_stream(const FetchRequest& request, const std::function<bool(std::string_view)>& on_data);

}  // namespace base
