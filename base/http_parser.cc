#include "base/http_parser.h"

#include <algorithm>
#include <array>
#include <cstddef>
#include <cstdint>
#include <iterator>
#include <memory_resource>
#include <string>
#include <tuple>
#include <utility>

#include <boost/asio/buffer.hpp>
#include <boost/beast/http/parser.hpp>
#include <boost/beast/http/string_body.hpp>

#include "base/http_text.h"

namespace base {

namespace http = boost::beast::http;

namespace {

// The shortest end of a chunked body, "0\r\n\r\n". Beast 1.74 asserts that it is never asked to go on with less of a
// final chunk that it has already seen the beginning of.
constexpr std::size_t kLastChunkBytes = 5;

constexpr std::size_t kUsualHeaderBytes = 512;
// Each costs far more than the four bytes that it takes at least: without this bound a header of 16 KiB would come to
// hold 320.
constexpr std::ptrdiff_t kMostFields = 128;

std::string_view view(boost::beast::string_view text) { return {text.data(), text.size()}; }

int status_of(const boost::system::error_code& error) {
  if (error == http::error::header_limit || error == http::error::buffer_overflow) return 431;
  if (error == http::error::body_limit) return 413;
  if (error == http::error::bad_version) return 505;
  return 400;
}

}  // namespace

struct HttpRequestParser::Impl {
  explicit Impl(std::size_t max_header) : max_header_bytes(max_header) {}

  Step fail(int status) {
    failure_status = status;
    return Step::failed;
  }
  // What the grammar allows and we do not. 0 when all is well.
  int complaint();
  // What says where the request ends, and how many such fields there are. More than one counts for the expectation
  // alone, of which the first holds.
  struct Framing {
    int codings = 0;
    int lengths = 0;
    int hosts = 0;
    int expectations = 0;
    std::string_view coding;
    std::string_view length;
    std::string_view expectation;
  };
  Framing take_headers();

  Step feed_header(std::string_view bytes, std::size_t& taken);
  Step feed_body(std::string_view bytes, std::size_t& taken);

  const std::size_t max_header_bytes;
  std::size_t header_bytes = 0;  // taken so far
  // Beast keeps each field in a node of its own: here they lie side by side, and go with the rest.
  std::array<std::byte, kUsualHeaderBytes> place;
  std::pmr::monotonic_buffer_resource nodes{place.data(), place.size()};
  http::request_parser<http::string_body, std::pmr::polymorphic_allocator<char>> parser{
      std::piecewise_construct, std::make_tuple(), std::make_tuple(&nodes)};
  HttpRequest request;
  int failure_status = 0;
  bool expects_continue = false;
};

int HttpRequestParser::Impl::complaint() {
  const auto& message = parser.get();
  const Framing framing = take_headers();
  if (framing.codings > 0) {
    // Only plain "chunked": every other coding, or a list, leaves the end of the body to interpretation.
    if (message.version() < 11 || framing.codings > 1 || framing.lengths > 0) return 400;
    if (!is_same_name(framing.coding, "chunked")) return 501;
  }
  // Beast takes "5, 5" and two equal fields; others take the first, or the last.
  if (framing.lengths > 1) return 400;
  if (framing.length.find_first_not_of("0123456789") != std::string_view::npos) return 400;
  if (message.version() >= 11 && framing.hosts != 1) return 400;
  if (!framing.expectation.empty() && !is_same_name(framing.expectation, "100-continue")) return 417;
  expects_continue = !framing.expectation.empty() && message.version() >= 11;

  auto target = parse_target(view(message.target()));
  if (!target) return 400;
  request.method = std::string(view(message.method_string()));
  request.path = std::move(target->path);
  request.query = std::move(target->query);
  return 0;
}

// Before the body: trailers of a chunked one must not pass for headers.
HttpRequestParser::Impl::Framing HttpRequestParser::Impl::take_headers() {
  Framing framing;
  const auto& message = parser.get();
  request.headers.reserve(static_cast<std::size_t>(std::distance(message.begin(), message.end())));
  for (const auto& field : message) {
    const std::string_view value = view(field.value());
    request.headers.emplace_back(lower_case(view(field.name_string())), std::string(value));
    switch (field.name()) {
      case http::field::transfer_encoding: ++framing.codings, framing.coding = value; break;
      case http::field::content_length: ++framing.lengths, framing.length = value; break;
      case http::field::host: ++framing.hosts; break;
      case http::field::expect:
        if (framing.expectations++ == 0) framing.expectation = value;
        break;
      default: break;
    }
  }
  return framing;
}

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
  // Beast counts its limit anew after the start line; here the header is all of it.
  const auto window = bytes.substr(0, max_header_bytes - header_bytes);
  boost::system::error_code error;
  taken = parser.put(boost::asio::const_buffer(window.data(), window.size()), error);
  header_bytes += taken;
  const bool is_whole = error != http::error::need_more;
  if (error && is_whole) return fail(status_of(error));
  if (std::distance(parser.get().begin(), parser.get().end()) > kMostFields) return fail(431);
  if (!is_whole) return header_bytes + window.size() - taken >= max_header_bytes ? fail(431) : Step::need_more;
  if (const int status = complaint(); status != 0) return fail(status);
  parser.eager(true);
  return parser.is_done() ? Step::done : Step::header_done;
}

HttpRequestParser::Step HttpRequestParser::Impl::feed_body(std::string_view bytes, std::size_t& taken) {
  while (!parser.is_done() && bytes.size() - taken >= (parser.chunked() ? kLastChunkBytes : 1)) {
    boost::system::error_code error;
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

bool HttpRequestParser::expects_continue() const { return impl_->expects_continue; }

bool HttpRequestParser::keep_alive() const { return impl_->parser.get().keep_alive(); }

bool HttpRequestParser::is_http_1_0() const { return impl_->parser.get().version() < 11; }

std::size_t HttpRequestParser::held_bytes() const { return impl_->header_bytes + impl_->parser.get().body().size(); }

std::optional<std::size_t> HttpRequestParser::declared_bytes() const {
  const auto length = impl_->parser.content_length();
  return length ? std::optional<std::size_t>(*length) : std::nullopt;
}

HttpRequest HttpRequestParser::take() {
  impl_->request.body = std::move(impl_->parser.get().body());
  return std::move(impl_->request);
}

}  // namespace base
