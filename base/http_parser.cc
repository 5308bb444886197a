#include "base/http_parser.h"

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <string>
#include <utility>

#include <boost/asio/buffer.hpp>
#include <boost/beast/http/basic_parser.hpp>

#include "base/http_text.h"

namespace base {

namespace http = boost::beast::http;

namespace {

// The shortest end of a chunked body, "0\r\n\r\n". Beast 1.74 asserts that it is never asked to go on with less of a
// final chunk that it has already seen the beginning of.
constexpr std::size_t kLastChunkBytes = 5;

constexpr std::size_t kUsualFields = 8;
// Each costs far more than the four bytes that it takes at least: without this bound a header of 16 KiB would come to
// hold 320.
constexpr std::size_t kMostFields = 128;

using Text = boost::beast::string_view;
using ErrorCode = boost::system::error_code;

std::string_view view(Text text) { return {text.data(), text.size()}; }

int status_of(const ErrorCode& error) {
  if (error == http::error::header_limit || error == http::error::buffer_overflow) return 431;
  if (error == http::error::body_limit) return 413;
  if (error == http::error::bad_version) return 505;
  return 400;
}

// Beast tells what it reads, and it goes into the request at once.
class RequestReader final : public http::basic_parser<true> {
 public:
  // What the grammar allows and we do not. 0 when all is well. Once, when the header is whole.
  int complaint() {
    header_is_whole_ = true;
    is_kept_ = keep_alive();
    if (codings_ > 0) {
      // Only plain "chunked": every other coding, or a list, leaves the end of the body to interpretation.
      if (is_http_1_0_ || codings_ > 1 || lengths_ > 0) return 400;
      if (!is_chunked_) return 501;
    }
    // Beast takes "5, 5" and two equal fields; others take the first, or the last.
    if (lengths_ > 1 || !length_is_number_) return 400;
    if (!is_http_1_0_ && hosts_ != 1) return 400;
    if (expectation_ == Expectation::unknown) return 417;
    return target_is_valid_ ? 0 : 400;
  }
  [[nodiscard]] bool expects_continue() const { return expectation_ == Expectation::to_continue && !is_http_1_0_; }
  [[nodiscard]] bool is_http_1_0() const { return is_http_1_0_; }
  // As the header said: Beast's own answer changes with the trailers.
  [[nodiscard]] bool is_kept() const { return is_kept_; }

  HttpRequest request;

 private:
  // Of several the first holds.
  enum class Expectation { not_told, none, to_continue, unknown };

  void on_request_impl(http::verb, Text method, Text target, int version, ErrorCode&) override {
    is_http_1_0_ = version < 11;
    request.method = view(method);
    auto parsed = base::parse_target(view(target));
    target_is_valid_ = parsed.has_value();
    if (!parsed) return;
    request.path = std::move(parsed->path);
    request.query = std::move(parsed->query);
  }

  void on_field_impl(http::field name, Text own_name, Text text, ErrorCode& error) override {
    if (header_is_whole_) return;  // the trailers of a chunked body must not pass for headers
    const std::string_view value = view(text);
    switch (name) {
      case http::field::transfer_encoding: ++codings_, is_chunked_ = is_same_name(value, "chunked"); break;
      case http::field::content_length:
        ++lengths_, length_is_number_ = value.find_first_not_of("0123456789") == value.npos;
        break;
      case http::field::host: ++hosts_; break;
      case http::field::expect: expect(value); break;
      default: break;
    }
    if (request.headers.empty()) request.headers.reserve(kUsualFields);
    if (request.headers.size() == kMostFields) error = http::error::header_limit;
    request.headers.emplace_back(lower_case(view(own_name)), value);
  }

  void expect(std::string_view what) {
    if (expectation_ != Expectation::not_told) return;
    expectation_ = what.empty()                         ? Expectation::none
                   : is_same_name(what, "100-continue") ? Expectation::to_continue
                                                        : Expectation::unknown;
  }

  void on_body_init_impl(const boost::optional<std::uint64_t>& length, ErrorCode&) override {
    if (length) request.body.reserve(*length);  // within the bound: Beast has compared them
  }
  std::size_t on_body_impl(Text piece, ErrorCode&) override {
    request.body.append(view(piece));
    return piece.size();
  }
  std::size_t on_chunk_body_impl(std::uint64_t, Text piece, ErrorCode&) override {
    request.body.append(view(piece));
    return piece.size();
  }

  void on_response_impl(int, Text, int, ErrorCode&) override {}
  void on_header_impl(ErrorCode&) override {}
  void on_chunk_header_impl(std::uint64_t, Text, ErrorCode&) override {}
  void on_finish_impl(ErrorCode&) override {}

  bool is_http_1_0_ = false;
  bool target_is_valid_ = false;
  bool header_is_whole_ = false;
  bool is_kept_ = false;
  bool is_chunked_ = false;
  bool length_is_number_ = true;
  int codings_ = 0;
  int lengths_ = 0;
  int hosts_ = 0;
  Expectation expectation_ = Expectation::not_told;
};

}  // namespace

struct HttpRequestParser::Impl {
  explicit Impl(std::size_t max_header) : max_header_bytes(max_header) {}

  Step fail(int status) {
    failure_status = status;
    return Step::failed;
  }
  Step feed_header(std::string_view bytes, std::size_t& taken);
  Step feed_body(std::string_view bytes, std::size_t& taken);

  const std::size_t max_header_bytes;
  std::size_t header_bytes = 0;  // taken so far
  RequestReader parser;
  int failure_status = 0;
};

HttpRequestParser::HttpRequestParser(std::size_t max_header_bytes, std::size_t max_body_bytes)
    : impl_(std::make_unique<Impl>(max_header_bytes)) {
  impl_->parser.header_limit(static_cast<std::uint32_t>(max_header_bytes));
  impl_->parser.body_limit(max_body_bytes);
}

HttpRequestParser::~HttpRequestParser() = default;

HttpRequestParser::Step HttpRequestParser::feed(std::string_view bytes, std::size_t& taken) {
  taken = 0;
  return impl_->parser.is_header_done() ? impl_->feed_body(bytes, taken) : impl_->feed_header(bytes, taken);
}

HttpRequestParser::Step HttpRequestParser::Impl::feed_header(std::string_view bytes, std::size_t& taken) {
  // A client may have added a line end of its own to the body of its last request (RFC 9112, 2.2).
  while (!parser.got_some() && bytes.substr(taken).starts_with("\r\n")) taken += 2;
  header_bytes += taken;
  if (header_bytes >= max_header_bytes) return fail(431);
  if (bytes.substr(taken) == "\r") return Step::need_more;
  // Beast counts its limit anew after the start line; here the header is all of it.
  const auto window = bytes.substr(taken, max_header_bytes - header_bytes);
  ErrorCode error;
  const auto used = parser.put(boost::asio::const_buffer(window.data(), window.size()), error);
  taken += used;
  header_bytes += used;
  const bool is_whole = error != http::error::need_more;
  if (error && is_whole) return fail(status_of(error));
  if (!is_whole) return header_bytes + window.size() - used >= max_header_bytes ? fail(431) : Step::need_more;
  if (const int status = parser.complaint(); status != 0) return fail(status);
  parser.eager(true);
  return parser.is_done() ? Step::done : Step::header_done;
}

HttpRequestParser::Step HttpRequestParser::Impl::feed_body(std::string_view bytes, std::size_t& taken) {
  while (!parser.is_done() && bytes.size() - taken >= (parser.chunked() ? kLastChunkBytes : 1)) {
    ErrorCode error;
    const auto used = parser.put(boost::asio::const_buffer(bytes.data() + taken, bytes.size() - taken), error);
    taken += used;
    if (error && error != http::error::need_more) return fail(status_of(error));
    if (used == 0) break;
  }
  if (parser.is_done()) return Step::done;
  // A chunk's own header, or trailers, that never end.
  return bytes.size() - taken >= max_header_bytes ? fail(400) : Step::need_more;
}

int HttpRequestParser::failure_status() const { return impl_->failure_status; }

bool HttpRequestParser::expects_continue() const { return impl_->parser.expects_continue(); }

bool HttpRequestParser::keep_alive() const { return impl_->parser.is_kept(); }

bool HttpRequestParser::is_http_1_0() const { return impl_->parser.is_http_1_0(); }

std::size_t HttpRequestParser::held_bytes() const { return impl_->header_bytes + impl_->parser.request.body.size(); }

std::optional<std::size_t> HttpRequestParser::declared_bytes() const {
  const auto length = impl_->parser.content_length();
  return length ? std::optional<std::size_t>(*length) : std::nullopt;
}

HttpRequest HttpRequestParser::take() { return std::move(impl_->parser.request); }

}  // namespace base
