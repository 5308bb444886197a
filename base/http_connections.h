#pragma once
// Who is connected to one HttpServer: the count that max_connections bounds, and the way to drain or cut them all.
// A private part of the server.

#include <cstddef>
#include <functional>
#include <memory>
#include <mutex>
#include <unordered_map>
#include <utility>
#include <vector>

#include "base/http_server.h"

namespace base {

// One connection as the register sees it. Both may be called from any thread and take effect on the loop.
class HttpClientSlot {
 public:
  virtual ~HttpClientSlot() = default;
  virtual void drain() = 0;  // close when idle, else after the answer under way
  virtual void cut() = 0;
};

// Thread-safe. Outlives the server as long as a connection is left.
class HttpConnections {
 public:
  HttpConnections(HttpServerOptions bounds, HttpHandler on_request)
      : options(std::move(bounds)), handler(std::move(on_request)) {}

  // Keeps the connection alive until it is removed or all are abandoned.
  void add(std::shared_ptr<HttpClientSlot> connection);
  void remove(const HttpClientSlot* connection);
  [[nodiscard]] std::size_t count() const;
  [[nodiscard]] bool is_draining() const;
  [[nodiscard]] bool is_abandoned() const;  // the handler must not be called any more

  // `when_empty` is called once, as soon as no connection is left: right here, if there is none.
  void drain(const std::function<void()>& when_empty);
  void cut();
  // The server is being destroyed: cuts all and forgets the callback of drain().
  void abandon();

  const HttpServerOptions options;
  const HttpHandler handler;

 private:
  [[nodiscard]] std::vector<std::shared_ptr<HttpClientSlot>> all() const;

  mutable std::mutex mutex_;
  std::unordered_map<const HttpClientSlot*, std::shared_ptr<HttpClientSlot>> connections_;
  bool draining_ = false;
  bool abandoned_ = false;
  std::function<void()> when_empty_;
};

}  // namespace base
