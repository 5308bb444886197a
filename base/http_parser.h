#pragma once
// From bytes to an HttpRequest, with the server's bounds: pure, so that it is tested and fuzzed without a socket.
// The grammar is Boost.Beast's, met in http_parser.cc alone; what Beast lets pass although it would let two
// programs disagree about where a request ends (request smuggling) is refused here.

#include <cstddef>
#include <memory>
#include <optional>
#include <string_view>

#include "base/http_server.h"

namespace base {

class HttpRequestParser {
 public:
  enum class Step {
    need_more,    // all that could be understood has been taken
    header_done,  // a body follows; go on feeding
    done,         // take() the request; bytes not taken belong to the next one
    failed,       // answer with failure_status() and close
  };

  HttpRequestParser(std::size_t max_header_bytes, std::size_t max_body_bytes);
  ~HttpRequestParser();

  // `bytes` is all that has come and has not been taken yet; `taken` tells how much of its front was used up.
  // At most the header's bound of bytes is ever left untaken.
  Step feed(std::string_view bytes, std::size_t& taken);

  // 400 malformed, 413 body and 431 header over their bound, 417 unknown expectation, 501 unknown transfer
  // coding, 505 neither HTTP/1.0 nor 1.1.
  [[nodiscard]] int failure_status() const;
  // From header_done on: the client waits for "100 Continue" before it sends the body; whether it wants the
  // connection kept; whether it understands chunks.
  [[nodiscard]] bool expects_continue() const;
  [[nodiscard]] bool keep_alive() const;
  [[nodiscard]] bool is_http_1_0() const;
  // What the request holds so far: its header as read, and the body up to now.
  [[nodiscard]] std::size_t held_bytes() const;
  // From header_done on: the body's length as declared; none when it comes in chunks.
  [[nodiscard]] std::optional<std::size_t> declared_bytes() const;
  // After done, once. Peer fields are not set.
  HttpRequest take();

 private:
  struct Impl;
  std::unique_ptr<Impl> impl_;
};

}  // namespace base
