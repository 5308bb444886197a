#pragma once
// The answering half of one request. Handlers write from any thread into an AnswerQueue; the connection takes
// from it on its own thread. Both share it, so that a handler may let go before the last byte is sent, and a
// client may leave before the handler is done.

#include <cstddef>
#include <functional>
#include <memory>
#include <mutex>
#include <string>

#include "base/http_memory.h"
#include "base/http_server.h"

namespace base {

// What the request says about the form of its answer.
struct AnswerForm {
  bool without_body = false;  // HEAD
  bool http_1_0 = false;      // knows no chunks: a stream ends with the connection
  bool keep_alive = false;
};

// Whose socket the answers go to.
class AnswerSender {
 public:
  // There is something to take that was not there before: a whole answer, or a piece of one. On any thread.
  virtual void wake(bool whole) = 0;

 protected:
  ~AnswerSender() = default;
};

class AnswerQueue {
 public:
  using Callback = std::function<void()>;

  // The sender is woken without the lock, while there is one; `post` runs a callback on the loop later. What waits here
  // is counted with `memory`, if any.
  AnswerQueue(AnswerForm form, std::weak_ptr<AnswerSender> sender, std::function<void(Callback)> post,
              HttpMemory* memory = nullptr)
      : form_(form), sender_(std::move(sender)), post_(std::move(post)), held_(memory, HttpMemory::Kind::answers) {}

  // For handlers, as in HttpExchange.
  void respond(const HttpResponse& response);
  void start(int status, const HttpHeaders& headers);
  std::size_t write(const std::string& chunk);
  void finish();
  void on_drained(Callback callback);
  void on_closed(Callback callback);
  // The handler let go: unanswered becomes 500, unfinished is cut.
  void abandon();

  // For the connection.
  struct Batch {
    std::string bytes = {};  // to be sent; the previous batch counts as sent
    bool complete = false;   // no bytes will follow these: then the answer has been sent
    bool broken = false;     // the answer cannot be completed: cut the connection
    Callback drained = {};   // to be called; empty when nothing has become empty
  };
  Batch take();
  // All has been sent: lets go of the callbacks. Returns whether the connection is kept.
  bool retire();
  // The connection is gone. Returns the handler's callback when it must be told.
  [[nodiscard]] Callback close();
  [[nodiscard]] bool is_finished() const;  // the handler has nothing to add
  // The server is stopping: an answer not yet begun says "Connection: close".
  void forbid_keep_alive();

 private:
  enum class Framing { none, length, chunks };  // how the body's end is told
  enum class Phase { waiting, streaming, finished, sent, abandoned, closed };

  void append_head(int status, const HttpHeaders& headers, Framing framing, std::size_t length = 0);
  void wake(bool whole) const;
  void count() { held_.hold_regardless(pending_.size() + in_flight_); }

  mutable std::mutex mutex_;
  AnswerForm form_;
  const std::weak_ptr<AnswerSender> sender_;
  const std::function<void(Callback)> post_;
  Phase phase_ = Phase::waiting;
  std::string pending_;
  std::size_t in_flight_ = 0;  // bytes of the batch taken last
  HttpReservation held_;       // both
  Callback drained_;
  Callback closed_;
};

// An exchange that hands all on to its queue, and abandons it when dropped. `held` is the request's.
std::shared_ptr<HttpExchange> make_exchange(HttpRequest&& request, std::shared_ptr<AnswerQueue> queue,
                                            HttpReservation&& held = {nullptr, HttpMemory::Kind::requests});

}  // namespace base
