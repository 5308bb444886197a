#include "base/http_client.h"

#include <algorithm>
#include <array>
#include <cerrno>
#include <cstdint>
#include <memory>
#include <optional>

#include "base/curl_parts.h"
#include "base/http_text.h"

namespace base {

namespace {

using std::chrono::milliseconds;
using std::chrono::steady_clock;

// curl 7.88 bounds a header line but not their number.
constexpr std::size_t kMaxResponseHeaderBytes = 256u << 10;
constexpr milliseconds kLongestPoll{250};

// One request from beginning to end. A connection of its own each time: curl would silently send a request again
// on a new connection when a kept one has died, and a restart must not be asked for twice.
class Transfer {
 public:
  using OnData = std::function<bool(std::string_view)>;

  Transfer(const FetchRequest& request, const OnData* on_data)
      : request_(request), on_data_(on_data), easy_(curl_easy_init()), multi_(curl_multi_init()) {}
  ~Transfer() { curl_multi_remove_handle(multi_.get(), easy_.get()); }
  Transfer(const Transfer&) = delete;
  Transfer& operator=(const Transfer&) = delete;

  Result<FetchResponse> run() {
    const auto origin = origin_of(request_.url);
    if (!origin) return fail(Code::invalid_argument, "not an http:// or https:// URL");
    origin_ = *origin;
    if (!easy_ || !multi_) return failed(Code::exhausted, "no memory for a request");
    if (!is_token(request_.method)) return failed(Code::invalid_argument, "not a method");
    auto headers = header_list(request_.headers);
    if (!headers) return failed(headers.error().code, headers.error().message);
    headers_ = std::move(*headers);
    set_options();
    return perform();
  }

 private:
  tl::unexpected<Error> failed(Code code, std::string_view why) const {
    return fail(Error{code, std::string(why)}.within(request_.method + " " + origin_.text));
  }

  template <class Value>
  void set(CURLoption option, Value value) {
    curl_easy_setopt(easy_.get(), option, value);
  }

  void set_options() {
    set(CURLOPT_URL, request_.url.c_str());
    set(CURLOPT_PROTOCOLS_STR, "http,https");
    set(CURLOPT_FOLLOWLOCATION, 0L);
    set(CURLOPT_HTTP_VERSION, static_cast<long>(CURL_HTTP_VERSION_1_1));
    set(CURLOPT_NOSIGNAL, 1L);  // no SIGALRM: this is one thread of several
    set(CURLOPT_CONNECTTIMEOUT_MS, static_cast<long>(request_.connect_timeout.count()));
    set(CURLOPT_TIMEOUT_MS, static_cast<long>(request_.total_timeout.count()));
    set(CURLOPT_ERRORBUFFER, error_text_.data());
    if (!request_.ca_file.empty()) set(CURLOPT_CAINFO, request_.ca_file.c_str());
    if (!request_.server_certificate.empty()) trust_server_certificate();
    if (!request_.unix_socket.empty()) set(CURLOPT_UNIX_SOCKET_PATH, request_.unix_socket.c_str());
    if (!request_.unix_socket.empty() || origin_.is_loopback) set(CURLOPT_PROXY, "");
    set(CURLOPT_HTTPHEADER, headers_.get());
    set_method();

    set(CURLOPT_HEADERFUNCTION, static_cast<curl_write_callback>(&Transfer::receive_header));
    set(CURLOPT_HEADERDATA, static_cast<void*>(this));
    set(CURLOPT_WRITEFUNCTION, static_cast<curl_write_callback>(&Transfer::receive_body));
    set(CURLOPT_WRITEDATA, static_cast<void*>(this));
    set(CURLOPT_XFERINFOFUNCTION, static_cast<curl_xferinfo_callback>(&Transfer::note_progress));
    set(CURLOPT_XFERINFODATA, static_cast<void*>(this));
    set(CURLOPT_NOPROGRESS, 0L);
  }

  // Only the first certificate: those that follow may have signed others.
  void trust_server_certificate() {
    constexpr std::string_view kEnd = "-----END CERTIFICATE-----";
    const auto end = request_.server_certificate.find(kEnd);
    if (end != std::string::npos) server_certificate_ = request_.server_certificate.substr(0, end + kEnd.size()) + "\n";
    curl_blob trusted{server_certificate_.data(), server_certificate_.size(), CURL_BLOB_NOCOPY};
    set(CURLOPT_CAINFO_BLOB, &trusted);
    set(CURLOPT_CAPATH, static_cast<const char*>(nullptr));
    set(CURLOPT_SSL_VERIFYHOST, 0L);
  }

  void set_method() {
    if (request_.method == "HEAD") return set(CURLOPT_NOBODY, 1L);
    const bool carries_body = request_.method == "POST" || request_.method == "PUT" || request_.method == "PATCH";
    if (carries_body || !request_.body.empty()) {
      set(CURLOPT_POSTFIELDSIZE_LARGE, static_cast<curl_off_t>(request_.body.size()));
      set(CURLOPT_POSTFIELDS, request_.body.data());
    }
    set(CURLOPT_CUSTOMREQUEST, request_.method.c_str());
  }

  Result<FetchResponse> perform() {
    const std::stop_callback wake(request_.stop, [multi = multi_.get()] { curl_multi_wakeup(multi); });
    last_progress_ = steady_clock::now();
    curl_multi_add_handle(multi_.get(), easy_.get());
    int running = 1;
    while (true) {
      if (request_.stop.stop_requested()) return failed(Code::cancelled, "asked to stop");
      if (curl_multi_perform(multi_.get(), &running) != CURLM_OK) return failed(Code::internal, "curl_multi_perform");
      if (failure_) return failed(failure_->code, failure_->message);
      if (running == 0) return outcome();
      const auto patience = until_idle();
      if (patience <= milliseconds::zero()) return failed(Code::deadline_exceeded, "no byte came in the idle timeout");
      curl_multi_poll(multi_.get(), nullptr, 0, static_cast<int>(std::min(patience, kLongestPoll).count()), nullptr);
    }
  }

  // Time left before the idle timeout.
  [[nodiscard]] milliseconds until_idle() const {
    if (request_.idle_timeout == milliseconds::zero()) return kLongestPoll;
    const auto deadline = last_progress_ + request_.idle_timeout;
    return std::chrono::ceil<milliseconds>(deadline - steady_clock::now());
  }

  Result<FetchResponse> outcome() {
    int left = 0;
    const CURLMsg* message = curl_multi_info_read(multi_.get(), &left);
    if (message == nullptr) return failed(Code::internal, "curl ended without a result");
    const CURLcode code = message->data.result;
    if (code != CURLE_OK) {
      long os_error = 0;
      curl_easy_getinfo(easy_.get(), CURLINFO_OS_ERRNO, &os_error);
      // curl's own text names the host and port of the URL, which do not exist.
      if (code == CURLE_COULDNT_CONNECT && !request_.unix_socket.empty() && os_error != 0)
        return fail(code_from_curl(code, os_error),
                    error_from_errno(static_cast<int>(os_error), "connect to " + request_.unix_socket).message);
      return failed(code_from_curl(code, os_error), error_text_[0] ? error_text_.data() : curl_easy_strerror(code));
    }
    response_.status = status();
    return std::move(response_);
  }

  [[nodiscard]] int status() const {
    long status = 0;
    curl_easy_getinfo(easy_.get(), CURLINFO_RESPONSE_CODE, &status);
    return static_cast<int>(status);
  }

  static std::size_t receive_header(char* data, std::size_t, std::size_t size, void* self) {
    return static_cast<Transfer*>(self)->take_header({data, size}) ? size : 0;
  }
  static std::size_t receive_body(char* data, std::size_t, std::size_t size, void* self) {
    return static_cast<Transfer*>(self)->take_body({data, size}) ? size : 0;
  }
  static int note_progress(void* self, curl_off_t, curl_off_t received, curl_off_t, curl_off_t sent) {
    static_cast<Transfer*>(self)->note_bytes(received + sent);
    return 0;
  }

  void note_bytes(curl_off_t total) {
    if (total == transferred_) return;
    transferred_ = total;
    last_progress_ = steady_clock::now();
  }

  bool give_up(Code code, std::string message) {
    failure_ = Error{code, std::move(message)};
    return false;
  }

  bool take_header(std::string_view line) {
    last_progress_ = steady_clock::now();
    header_bytes_ += line.size();
    if (header_bytes_ > kMaxResponseHeaderBytes) return give_up(Code::too_large, "the response's header is too large");
    if (body_begun_) return true;  // a trailer
    take_header_line(line, response_.headers);
    return true;
  }

  bool take_body(std::string_view data) {
    body_begun_ = true;
    last_progress_ = steady_clock::now();
    if (on_data_ != nullptr && status() / 100 == 2) {
      return (*on_data_)(data) || give_up(Code::cancelled, "hung up by the reader");
    }
    if (data.size() > request_.max_body_bytes - response_.body.size()) {
      return give_up(Code::too_large, "the response is over " + std::to_string(request_.max_body_bytes) + " bytes");
    }
    response_.body.append(data);
    return true;
  }

  const FetchRequest& request_;
  const OnData* on_data_;  // null: collect the body
  Origin origin_;
  Owned<curl_slist> headers_;
  std::array<char, CURL_ERROR_SIZE> error_text_{};
  std::string server_certificate_;
  FetchResponse response_;
  std::optional<Error> failure_;  // why a callback ended the transfer
  std::size_t header_bytes_ = 0;
  bool body_begun_ = false;
  curl_off_t transferred_ = 0;
  steady_clock::time_point last_progress_;
  Owned<CURL> easy_;
  OwnedMulti multi_;
};

Result<FetchResponse> transfer(const FetchRequest& request, const Transfer::OnData* on_data) {
  if (!prepare_curl()) return fail(Code::internal, "curl could not be initialised");
  return Transfer(request, on_data).run();
}

}  // namespace

std::string_view FetchResponse::header(std::string_view name) const { return find_header(headers, name); }

bool is_http_url(const std::string& url) { return origin_of(url).has_value(); }

Result<FetchResponse> fetch(const FetchRequest& request) { return transfer(request, nullptr); }

Result<FetchResponse> fetch_stream(const FetchRequest& request, const std::function<bool(std::string_view)>& on_data) {
  return transfer(request, &on_data);
}

}  // namespace base
