#pragma once
// Who is connected to one HttpServer: the count that max_connections bounds, who of them has been silent for the
// longest, and the way to drain or cut them all. A private part of the server.

#include <atomic>
#include <cstddef>
#include <functional>
#include <list>
#include <memory>
#include <mutex>
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
  virtual void give_up_place() = 0;  // cut, unless its request comes before that

 private:
  friend class HttpConnections;
  // Its place in the register, which guards both.
  std::list<std::shared_ptr<HttpClientSlot>>::iterator place_;
  bool waits_ = false;
};

// Thread-safe. Outlives the server as long as a connection is left.
class HttpConnections {
 public:
  HttpConnections(HttpServerOptions bounds, HttpHandler on_request)
      : options(std::move(bounds)), handler(std::move(on_request)) {}

  // Keeps the connection alive until it is removed or all are abandoned. It owes a request when it `waits`.
  void add(const std::shared_ptr<HttpClientSlot>& connection, bool waits);
  void remove(HttpClientSlot& connection);
  // A whole request has come; and later: it has been answered, and the connection is kept for the next.
  void request_came(HttpClientSlot& connection);
  void waits_again(HttpClientSlot& connection);
  // Cuts the connection that has owed a request for the longest, unless that comes at this very moment. False when none
  // does: all are being answered.
  bool cut_longest_waiting();
  [[nodiscard]] std::size_t count() const;
  [[nodiscard]] bool is_draining() const { return draining_; }
  // What the server answers by itself.
  [[nodiscard]] HttpResponse refusal(int status) const;
  [[nodiscard]] bool is_abandoned() const { return abandoned_; }  // the handler must not be called any more

  // `when_empty` is called once, as soon as no connection is left: right here, if there is none.
  void drain(const std::function<void()>& when_empty);
  void cut();
  // The server is being destroyed: cuts all and forgets the callback of drain().
  void abandon();

  const HttpServerOptions options;
  const HttpHandler handler;

 private:
  using Slots = std::list<std::shared_ptr<HttpClientSlot>>;

  [[nodiscard]] std::vector<std::shared_ptr<HttpClientSlot>> all() const;
  void move(HttpClientSlot& connection, bool waits);

  mutable std::mutex mutex_;
  Slots waiting_;  // for a request, the longest first
  Slots busy_;
  std::atomic<bool> draining_{false};   // changed under the lock
  std::atomic<bool> abandoned_{false};  // likewise
  std::function<void()> when_empty_;
};

}  // namespace base
