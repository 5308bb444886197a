#pragma once
// The one HTTP server of both programs: HTTP/1.1 on an EventLoop, made so that no client can make it hold
// memory or a thread: bounds on header, body, idle time, header time and connections, and a stream that tells
// its writer when the client does not keep up. Boost.Beast is met in http_parser.cc alone.

#include <chrono>
#include <cstdint>
#include <functional>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "base/event_loop.h"
#include "base/http_client.h"
#include "base/http_memory.h"
#include "base/result.h"
#include "base/tls.h"

namespace base {

struct HttpResponse;

struct HttpServerOptions {
  std::size_t max_header_bytes = 16u << 10;  // more, or more than 128 fields: 431
  std::size_t max_body_bytes = 1u << 20;     // more, declared or counted: 413 before it is buffered
  std::chrono::milliseconds header_timeout{
      10'000};  // from the connection or the request's first byte to its end of header
  std::chrono::milliseconds body_timeout{30'000};   // for the whole body: 408
  std::chrono::milliseconds idle_timeout{60'000};   // between requests of a kept connection
  std::chrono::milliseconds write_timeout{30'000};  // a client that takes no byte for so long is cut
  // One more, and the connection that has owed a request for the longest is closed; when all are being answered, the
  // new one gets 503 with Retry-After.
  std::size_t max_connections = 4096;
  // How an answer looks that the server gives by itself (400, 408, 413, 431, 503 …); called on a loop thread. None:
  // a line of plain text.
  std::function<HttpResponse(int status)> refusal;
  // Keeps the account of what clients make the server hold, and says when there is no more room: 503 with Retry-After.
  // None: only the bounds above hold. Must outlive the server and every exchange.
  HttpMemory* memory = nullptr;
  // Asked for each connection, on a loop thread: the certificate that it is shown. None, or null: without TLS. A
  // handshake counts as part of the first request's header.
  std::function<std::shared_ptr<const TlsContext>()> tls;
};

struct HttpRequest {
  std::string method;   // upper case
  std::string path;     // percent-decoded, without the query
  std::string query;    // as sent, without '?'
  HttpHeaders headers;  // names in lower case
  std::string body;
  std::string peer;  // numeric address of the client
  bool peer_is_loopback = false;
  bool over_tls = false;
  std::string user = {};  // by basic authentication (base/web/web_access.h); empty: not authenticated that way

  [[nodiscard]] std::string_view header(std::string_view name) const;  // "" when absent
  // Also "" when it was sent more than once: of two, a proxy in front may have looked at the other one.
  [[nodiscard]] std::string_view only_header(std::string_view name) const;
  [[nodiscard]] std::string query_value(std::string_view name) const;  // percent-decoded; "" when absent
};

struct HttpResponse {
  int status = 200;
  HttpHeaders headers;
  std::string body;
};

// One request and the way to answer it. Shared: the handler keeps it as long as it wants to answer. All members
// may be called from any thread; exactly one of respond() or start() begins the answer, later ones are ignored.
// Dropped unanswered it answers 500.
class HttpExchange {
 public:
  virtual ~HttpExchange() = default;
  [[nodiscard]] virtual const HttpRequest& request() const = 0;
  // Sets request().user. For what checks passwords in front of the handler; before the handler has the exchange.
  virtual void authenticated(std::string user) = 0;

  virtual void respond(HttpResponse response) = 0;

  // A streamed (chunked) answer: start, write…, finish.
  virtual void start(int status, HttpHeaders headers) = 0;
  // Queues a chunk; returns the bytes queued and not yet taken by the socket. Over a bound of its own choice
  // the writer should stop until on_drained.
  virtual std::size_t write(std::string chunk) = 0;
  virtual void finish() = 0;
  // Called on a loop thread each time the queue has become empty.
  virtual void on_drained(std::function<void()> callback) = 0;
  // Called once on a loop thread when the client has gone or been cut before the answer was complete.
  virtual void on_closed(std::function<void()> callback) = 0;
};

using HttpHandler = std::function<void(const std::shared_ptr<HttpExchange>&)>;

class HttpServer {
 public:
  // Handlers run on the loop's threads and must not block. The loop must outlive the server.
  HttpServer(EventLoop& loop, HttpServerOptions options, HttpHandler handler);
  ~HttpServer();

  // "127.0.0.1:8080", "[::1]:0", ":8080" (all addresses). Returns the port bound (useful for port 0).
  // Errors: invalid_argument, unavailable (address in use), permission_denied.
  Result<std::uint16_t> listen(const std::string& address);
  // Answers on a listening socket that someone else has opened (a service manager), and owns it from now on. Returns
  // its port. Errors: invalid_argument, when it is no TCP socket that listens.
  Result<std::uint16_t> adopt(int fd);
  // Stops accepting and closes idle connections; answers under way go on. `done` is called on the loop when the
  // last has ended or at the deadline, when what is left has been cut.
  void drain(std::chrono::milliseconds deadline, std::function<void()> done);
  [[nodiscard]] std::size_t connections() const;

 private:
  struct Impl;
  std::shared_ptr<Impl> impl_;
};

}  // namespace base
