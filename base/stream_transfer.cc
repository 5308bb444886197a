#include "base/stream_transfer.h"

#include <algorithm>
#include <utility>

#include <sys/socket.h>

#include "base/http_text.h"
#include "base/units.h"

namespace base {

namespace {

using std::chrono::milliseconds;

// libcurl's own for each handle; its defaults are 16 KiB for receiving and 64 KiB for sending.
constexpr long kCurlBufferBytes = 16L << 10;

int limit_receive_buffer(void* size, curl_socket_t fd, curlsocktype) {
  // Set before the connection is made, it bounds the window that is offered to the peer.
  ::setsockopt(fd, SOL_SOCKET, SO_RCVBUF, size, sizeof(int));
  return CURL_SOCKOPT_OK;
}

template <class Value>
void set(CURL* easy, CURLoption option, Value value) {
  curl_easy_setopt(easy, option, value);
}

}  // namespace

StreamTransfer::StreamTransfer(StreamRequest request, StreamEvents events)
    : request_(std::move(request)), events_(std::move(events)) {}

StreamTransfer& StreamTransfer::of(CURL* easy) {
  char* self = nullptr;
  curl_easy_getinfo(easy, CURLINFO_PRIVATE, &self);
  return *reinterpret_cast<StreamTransfer*>(self);
}

Status StreamTransfer::prepare(const StreamClientOptions& options, SteadyTime now) {
  const auto origin = origin_of(request_.url);
  if (!origin) return fail(Code::invalid_argument, "not an http:// or https:// URL");
  origin_ = *origin;
  if (!is_token(request_.method)) return fail(Code::invalid_argument, "not a method");
  auto headers = header_list(request_.headers);
  if (!headers) return fail(headers.error());
  headers_ = std::move(*headers);
  easy_.reset(curl_easy_init());
  if (!easy_) return fail(Code::exhausted, "no memory for a request");
  set_options(options);
  began_ = last_byte_ = now;
  return {};
}

void StreamTransfer::set_options(const StreamClientOptions& options) {
  CURL* easy = easy_.get();
  set(easy, CURLOPT_PRIVATE, static_cast<void*>(this));
  set(easy, CURLOPT_URL, request_.url.c_str());
  set(easy, CURLOPT_PROTOCOLS_STR, "http,https");
  set(easy, CURLOPT_FOLLOWLOCATION, 0L);
  set(easy, CURLOPT_PROXY, "");
  // One stream a connection: only then does a paused one stop its own peer and no other.
  set(easy, CURLOPT_HTTP_VERSION, static_cast<long>(CURL_HTTP_VERSION_1_1));
  set(easy, CURLOPT_NOSIGNAL, 1L);
  // Without it, hanging up while a name is being resolved waits for the resolver: on the loop.
  set(easy, CURLOPT_QUICK_EXIT, 1L);
  set(easy, CURLOPT_SSL_VERIFYPEER, 1L);
  set(easy, CURLOPT_SSL_VERIFYHOST, 2L);
  if (!options.ca_file.empty()) set(easy, CURLOPT_CAINFO, options.ca_file.c_str());
  set(easy, CURLOPT_TCP_KEEPALIVE, 1L);
  set(easy, CURLOPT_BUFFERSIZE, kCurlBufferBytes);
  set(easy, CURLOPT_UPLOAD_BUFFERSIZE, kCurlBufferBytes);
  receive_buffer_bytes_ = static_cast<int>(options.receive_buffer_bytes);
  set(easy, CURLOPT_SOCKOPTDATA, static_cast<void*>(&receive_buffer_bytes_));
  set(easy, CURLOPT_SOCKOPTFUNCTION, static_cast<curl_sockopt_callback>(&limit_receive_buffer));
  set(easy, CURLOPT_CONNECTTIMEOUT_MS, static_cast<long>(request_.connect_timeout.count()));
  set(easy, CURLOPT_TIMEOUT_MS, static_cast<long>(request_.total_timeout.count()));
  set(easy, CURLOPT_ERRORBUFFER, error_text_.data());
  set(easy, CURLOPT_HTTPHEADER, headers_.get());
  set_method();
  set(easy, CURLOPT_HEADERFUNCTION, static_cast<curl_write_callback>(&StreamTransfer::receive_header));
  set(easy, CURLOPT_HEADERDATA, static_cast<void*>(this));
  set(easy, CURLOPT_WRITEFUNCTION, static_cast<curl_write_callback>(&StreamTransfer::receive_body));
  set(easy, CURLOPT_WRITEDATA, static_cast<void*>(this));
}

void StreamTransfer::set_method() {
  CURL* easy = easy_.get();
  const bool carries_body = request_.method == "POST" || request_.method == "PUT" || request_.method == "PATCH";
  if (carries_body || !request_.body.empty()) {
    set(easy, CURLOPT_POSTFIELDSIZE_LARGE, static_cast<curl_off_t>(request_.body.size()));
    set(easy, CURLOPT_POSTFIELDS, request_.body.data());
  }
  set(easy, CURLOPT_CUSTOMREQUEST, request_.method.c_str());
}

std::size_t StreamTransfer::receive_header(char* data, std::size_t, std::size_t size, void* self) {
  return static_cast<StreamTransfer*>(self)->take_header({data, size}) ? size : 0;
}

std::size_t StreamTransfer::receive_body(char* data, std::size_t, std::size_t size, void* self) {
  return static_cast<StreamTransfer*>(self)->take_body({data, size});
}

bool StreamTransfer::give_up(Code code, std::string message) {
  failure_ = Error{code, std::move(message)};
  return false;
}

bool StreamTransfer::take_header(std::string_view line) {
  if (cancelled) return false;
  header_bytes_ += line.size();
  if (request_.max_header_bytes != 0 && header_bytes_ > request_.max_header_bytes) {
    return give_up(Code::too_large, "the response's header is too large");
  }
  if (head_told_) return true;  // a trailer
  take_header_line(line, head_.headers);
  if (line != "\r\n" && line != "\n") return true;
  long status = 0;
  curl_easy_getinfo(easy_.get(), CURLINFO_RESPONSE_CODE, &status);
  if (status < 200) return true;
  head_.status = static_cast<int>(status);
  head_told_ = true;
  last_byte_ = std::chrono::steady_clock::now();
  events_.on_head(head_);
  return !cancelled;
}

// What is returned is the number of bytes taken, or one of libcurl's two words for "later" and "no more".
std::size_t StreamTransfer::take_body(std::string_view data) {
  if (cancelled) return 0;
  if (paused) {
    held_ = true;
    return CURL_WRITEFUNC_PAUSE;
  }
  last_byte_ = std::chrono::steady_clock::now();
  body_bytes_ += data.size();
  if (request_.max_body_bytes != 0 && body_bytes_ > request_.max_body_bytes) {
    give_up(Code::too_large, "the response is over " + std::to_string(request_.max_body_bytes) + " bytes");
    return 0;
  }
  events_.on_data(data);
  return cancelled ? 0 : data.size();
}

CURLcode StreamTransfer::resume(SteadyTime now) {
  if (paused) return CURLE_OK;  // again, meanwhile
  last_byte_ = now;
  return std::exchange(held_, false) ? curl_easy_pause(easy_.get(), CURLPAUSE_CONT) : CURLE_OK;
}

bool StreamTransfer::has_begun() const {
  return request_.reader_says_begun ? reader_has_begun.load() : body_bytes_ != 0;
}

SteadyTime StreamTransfer::patience_ends() const {
  const bool begun = has_begun();
  const auto timeout = begun ? request_.idle_timeout : request_.first_byte_timeout;
  if (timeout == milliseconds::zero()) return SteadyTime::max();
  return (begun ? last_byte_ : began_) + timeout;
}

std::optional<Error> StreamTransfer::overdue(SteadyTime now) const {
  if (paused || now < patience_ends()) return std::nullopt;
  const bool begun = has_begun();
  return Error{Code::deadline_exceeded,
               (begun ? "no byte came within " : "no answer within ") +
                   format_duration(begun ? request_.idle_timeout : request_.first_byte_timeout)};
}

std::optional<SteadyTime> StreamTransfer::next_check(SteadyTime now) const {
  if (paused) return std::nullopt;
  const auto ends = patience_ends();
  const auto idle = request_.idle_timeout;
  // When the answer begins, idle_timeout applies, which may end earlier than first_byte_timeout: so check at that
  // interval from the start.
  if (!has_begun() && idle != milliseconds::zero()) return std::min(ends, now + idle);
  return ends == SteadyTime::max() ? std::nullopt : std::optional(ends);
}

void StreamTransfer::end(CURLcode code) {
  if (failure_) return end(std::move(*failure_));
  if (code != CURLE_OK) {
    long os_error = 0;
    curl_easy_getinfo(easy_.get(), CURLINFO_OS_ERRNO, &os_error);
    return end(
        Error{code_from_curl(code, os_error), error_text_[0] != '\0' ? error_text_.data() : curl_easy_strerror(code)});
  }
  if (!cancelled) events_.on_end({});
  events_ = {};
}

void StreamTransfer::end(Error error) {
  if (!cancelled) events_.on_end(fail(error.within(request_.method + " " + origin_.text)));
  events_ = {};
}

long StreamTransfer::connections_made() const {
  long made = 0;
  if (easy_) curl_easy_getinfo(easy_.get(), CURLINFO_NUM_CONNECTS, &made);
  return made;
}

}  // namespace base
