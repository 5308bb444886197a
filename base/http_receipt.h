#pragma once
// One HTTP request on its way in: the bytes that have come, the parser that reads them, and the account of what both
// hold. An idle connection has an empty one, which holds no memory.
//
// Only what is large asks for room: a body of unknown length, or of more than kSmallBodyBytes. All else is counted
// without asking, since max_connections bounds it: when large bodies have filled the budget, a server still says that
// it is alive, shows its figures and takes the order to shed. A private part of the server.

#include <cstddef>
#include <optional>
#include <string>
#include <string_view>

#include "base/http_memory.h"
#include "base/http_parser.h"
#include "base/http_server.h"

namespace base {

class HttpReceipt {
 public:
  using Step = HttpRequestParser::Step;

  explicit HttpReceipt(const HttpServerOptions& options)
      : options_(options), held_(options.memory, HttpMemory::Kind::requests) {}

  // What has come. It is read where it lies, and what is left of it afterwards is copied by keep_rest(): most requests
  // come whole and leave nothing.
  void lend(std::string_view bytes);
  void keep_rest();
  // Bytes that are not understood yet: of this request, or sent ahead of the next.
  [[nodiscard]] std::size_t waiting() const { return received_.size() + lent_.size(); }

  static constexpr std::size_t kSmallBodyBytes = 1u << 10;

  // Goes on reading. As HttpRequestParser::feed; also failed, with 503, when there is no room for what comes.
  Step read();
  [[nodiscard]] int failure_status() const { return failure_status_; }
  // From header_done on, and nothing of the body has come.
  [[nodiscard]] bool wants_continue() const { return parser_->expects_continue() && waiting() == 0; }

  struct Request {
    HttpRequest request;
    HttpReservation held;  // what it takes
    bool keep_alive;
    bool http_1_0;
  };
  // After done. What is waiting belongs to the next.
  Request take();
  // Lets go of everything.
  void drop();

 private:
  Step fail(int status);
  [[nodiscard]] bool count(std::size_t bytes);

  const HttpServerOptions& options_;
  std::string received_;                     // the whole of what is waiting, or
  std::string_view lent_;                    // that is
  std::optional<HttpRequestParser> parser_;  // none between requests
  HttpReservation held_;
  bool is_large_ = false;
  int failure_status_ = 0;
};

}  // namespace base
