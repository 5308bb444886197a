#pragma once
// One HTTP request on its way in: the bytes that have come, the parser that reads them, and the account of what both
// hold. An idle connection has an empty one, which holds no memory. A private part of the server.

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

  void append(std::string_view bytes) { received_.append(bytes); }
  // Bytes that are not understood yet: of this request, or sent ahead of the next.
  [[nodiscard]] std::size_t waiting() const { return received_.size(); }

  // Goes on reading. As HttpRequestParser::feed; also failed, with 503, when there is no room for what comes.
  Step read();
  [[nodiscard]] int failure_status() const { return failure_status_; }
  // From header_done on, and nothing of the body has come.
  [[nodiscard]] bool wants_continue() const { return parser_->expects_continue() && received_.empty(); }

  struct Request {
    HttpRequest request;
    HttpHold held;  // what it takes
    bool keep_alive;
    bool http_1_0;
  };
  // After done. What is waiting belongs to the next.
  Request take();
  // Lets go of everything.
  void drop();
  // Lets go of a buffer that nothing is left in.
  void release_memory() {
    if (received_.empty()) received_.shrink_to_fit();
  }

 private:
  Step fail(int status);

  const HttpServerOptions& options_;
  std::string received_;
  std::optional<HttpRequestParser> parser_;  // none between requests
  HttpHold held_;
  int failure_status_ = 0;
};

}  // namespace base
