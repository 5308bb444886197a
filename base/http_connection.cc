#include "base/http_connection.h"

#include <array>
#include <chrono>
#include <cstdint>
#include <optional>
#include <string>
#include <utility>

#include <boost/asio/buffer.hpp>
#include <boost/asio/post.hpp>
#include <boost/asio/steady_timer.hpp>

#include "base/http_connections.h"
#include "base/http_exchange.h"
#include "base/http_parser.h"
#include "base/http_text.h"

namespace base {

namespace asio = boost::asio;
using asio::ip::tcp;
using boost::system::error_code;

namespace {

constexpr std::size_t kReadBytes = 16u << 10;
// After an error the client may still be sending. Closing at once would reset the connection and destroy the answer
// on its way, so that what comes is read and thrown away for a moment.
constexpr auto kLingerTime = std::chrono::seconds(2);
constexpr auto kRetryAfterSeconds = "1";

asio::ip::address unmapped(const asio::ip::address& address) {
  if (!address.is_v6() || !address.to_v6().is_v4_mapped()) return address;
  return asio::ip::make_address_v4(asio::ip::v4_mapped, address.to_v6());
}

}  // namespace

// All members run on the socket's strand, those marked "any thread" apart. HttpConnections keeps it alive until
// close(); what it waits for is bytes, room to write or its handler.
class HttpConnection final : public HttpClientSlot, public std::enable_shared_from_this<HttpConnection> {
 public:
  HttpConnection(tcp::socket socket, std::shared_ptr<HttpConnections> server)
      : socket_(std::move(socket)), deadline_(socket_.get_executor()), server_(std::move(server)) {}

  ~HttpConnection() override {
    if (queue_) queue_->retire();  // its callbacks may own the exchange, and so the queue itself
  }
  HttpConnection(const HttpConnection&) = delete;
  HttpConnection& operator=(const HttpConnection&) = delete;

  // Any thread.
  void begin() { on_strand(&HttpConnection::first_request); }
  void begin_refusal() { on_strand(&HttpConnection::refuse_for_load); }
  void drain() override { on_strand(&HttpConnection::close_if_idle); }
  void cut() override { on_strand(&HttpConnection::close); }

 private:
  enum class State { idle, header, body, answering, lingering, closed };

  void on_strand(void (HttpConnection::*member)()) {
    asio::post(socket_.get_executor(), [self = shared_from_this(), member] { (self.get()->*member)(); });
  }

  void first_request() {
    error_code ignored;
    socket_.non_blocking(true, ignored);
    socket_.set_option(tcp::no_delay(true), ignored);
    socket_.set_option(asio::socket_base::keep_alive(true), ignored);
    const auto peer = socket_.remote_endpoint(ignored);
    peer_ = unmapped(peer.address());
    // Who connects means to ask: only a kept connection may be idle for longer.
    wait_for_request(server_->options.header_timeout);
  }

  void refuse_for_load() {
    error_code ignored;
    socket_.non_blocking(true, ignored);
    refuse(503);
    watch();
  }

  void next_request() {
    if (state_ == State::closed) return;
    server_->waits_again(*this);
    wait_for_request(server_->options.idle_timeout);
  }

  void wait_for_request(std::chrono::milliseconds patience) {
    if (server_->is_draining() && received_.empty()) return close();
    parser_.emplace(server_->options.max_header_bytes, server_->options.max_body_bytes);
    state_ = State::idle;
    allow(patience, &HttpConnection::close);
    parse();
    watch();
  }

  // One deadline at a time, for what the client has to do next.
  void allow(std::chrono::milliseconds time, void (HttpConnection::*too_late)()) {
    deadline_.expires_after(time);
    deadline_.async_wait([self = shared_from_this(), too_late, number = ++deadline_number_](error_code error) {
      // A deadline that was replaced when it had already expired comes without an error.
      if (!error && number == self->deadline_number_) (self.get()->*too_late)();
    });
  }
  void no_deadline() {
    ++deadline_number_;
    deadline_.cancel();
  }
  void request_too_slow() { refuse(408); }

  // Waits for bytes without a buffer, so that an idle connection holds none. Goes on while an answer is being made:
  // that is how a client that leaves is noticed. Stops when a client sends ahead too far.
  void watch() {
    if (watching_ || end_of_input_ || state_ == State::closed) return;
    if (state_ == State::answering && received_.size() >= kReadBytes) return;
    watching_ = true;
    socket_.async_wait(tcp::socket::wait_read, [self = shared_from_this()](error_code error) {
      self->watching_ = false;
      if (self->state_ != State::closed) self->read(error);
    });
  }

  void read(error_code error) {
    std::array<char, kReadBytes> bytes;
    std::size_t size = 0;
    if (!error) size = socket_.read_some(asio::buffer(bytes), error);
    if (error && error != asio::error::would_block && error != asio::error::interrupted) {
      return input_ended(error == asio::error::eof);
    }
    if (state_ != State::lingering) received_.append(bytes.data(), size);
    if (state_ != State::answering && state_ != State::lingering) parse();
    watch();
  }

  // A client that shuts down its side counts as gone unless its answer is only waiting to be sent.
  void input_ended(bool orderly) {
    end_of_input_ = true;
    const bool answer_is_ready = state_ == State::answering && queue_ && queue_->is_finished();
    if (!orderly || !answer_is_ready) close();
  }

  void parse() {
    while (!received_.empty() && (state_ == State::idle || state_ == State::header || state_ == State::body)) {
      if (state_ == State::idle) {
        state_ = State::header;
        allow(server_->options.header_timeout, &HttpConnection::request_too_slow);
      }
      std::size_t taken = 0;
      const auto step = parser_->feed(received_, taken);
      received_.erase(0, taken);
      switch (step) {
        case HttpRequestParser::Step::need_more: return;
        case HttpRequestParser::Step::header_done: expect_body(); break;
        case HttpRequestParser::Step::done: hand_over(); break;
        case HttpRequestParser::Step::failed: refuse(parser_->failure_status()); break;
      }
    }
    if (received_.empty()) received_.shrink_to_fit();
  }

  void expect_body() {
    state_ = State::body;
    allow(server_->options.body_timeout, &HttpConnection::request_too_slow);
    if (parser_->expects_continue() && received_.empty()) send("HTTP/1.1 100 Continue\r\n\r\n");
  }

  std::shared_ptr<AnswerQueue> new_queue(AnswerForm form) {
    const std::weak_ptr<HttpConnection> weak = weak_from_this();
    const auto executor = socket_.get_executor();
    return std::make_shared<AnswerQueue>(
        form,
        [weak] {
          if (const auto self = weak.lock()) self->on_strand(&HttpConnection::send_next);
        },
        [executor](AnswerQueue::Callback callback) { asio::post(executor, std::move(callback)); });
  }

  void hand_over() {
    state_ = State::answering;
    no_deadline();
    server_->request_came(*this);
    if (server_->is_abandoned()) return close();
    auto request = parser_->take();
    request.peer = peer_.to_string();
    request.peer_is_loopback = peer_.is_loopback();
    const bool keep = parser_->keep_alive() && !server_->is_draining();
    queue_ = new_queue({request.method == "HEAD", parser_->is_http_1_0(), keep});
    server_->handler(make_exchange(std::move(request), queue_));
  }

  // Answers with an error of the server's own, and closes.
  void refuse(int status) {
    if (state_ == State::closed) return;
    state_ = State::answering;
    allow(server_->options.write_timeout, &HttpConnection::close);
    refused_ = true;
    received_.clear();
    queue_ = new_queue({});
    HttpResponse response{status, {{"Content-Type", "text/plain"}}, {}};
    response.body = std::to_string(status) + " " + std::string(reason_phrase(status)) + "\n";
    if (server_->options.refusal) response = server_->options.refusal(status);
    if (status == 503) response.headers.emplace_back("Retry-After", kRetryAfterSeconds);
    queue_->respond(response);
  }

  void send_next() {
    if (!sending_.empty() || !queue_ || state_ != State::answering) return;
    auto batch = queue_->take();
    if (!batch.bytes.empty()) return send(std::move(batch.bytes));
    if (batch.broken) return close();
    if (batch.complete) return answered();
    no_deadline();
    if (batch.drained) batch.drained();
  }

  void send(std::string bytes) {
    sending_ = std::move(bytes);
    sent_ = 0;
    send_some();
  }

  void send_some() {
    // Each byte taken buys the client the whole time again.
    if (state_ == State::answering) allow(server_->options.write_timeout, &HttpConnection::close);
    socket_.async_write_some(asio::buffer(sending_) + sent_,
                             [self = shared_from_this()](error_code error, std::size_t size) {
                               if (self->state_ != State::closed) self->sent(error, size);
                             });
  }

  void sent(error_code error, std::size_t size) {
    if (error) return close();
    sent_ += size;
    if (sent_ < sending_.size()) return send_some();
    sending_ = {};  // its memory too
    send_next();
  }

  void answered() {
    const bool keep = queue_->keeps_connection() && !end_of_input_;
    queue_->retire();
    queue_.reset();
    // From the loop, so that a long pipeline neither recurses nor starves the others.
    if (keep) return on_strand(&HttpConnection::next_request);
    if (!refused_ || end_of_input_) return close();
    state_ = State::lingering;
    error_code ignored;
    socket_.shutdown(tcp::socket::shutdown_send, ignored);
    allow(kLingerTime, &HttpConnection::close);
    watch();
  }

  void close_if_idle() {
    if (state_ == State::idle && received_.empty()) return close();
    if (queue_) queue_->forbid_keep_alive();
  }

  void close() {
    if (std::exchange(state_, State::closed) == State::closed) return;
    no_deadline();
    error_code ignored;
    socket_.close(ignored);
    AnswerQueue::Callback gone;
    if (queue_) gone = queue_->close();
    queue_.reset();
    if (gone) gone();
    server_->remove(*this);
  }

  tcp::socket socket_;
  asio::steady_timer deadline_;
  std::uint64_t deadline_number_ = 0;
  const std::shared_ptr<HttpConnections> server_;
  asio::ip::address peer_;
  State state_ = State::idle;
  bool watching_ = false;
  bool end_of_input_ = false;
  bool refused_ = false;
  std::string received_;  // not yet understood: at most kReadBytes beyond what the parser leaves
  std::optional<HttpRequestParser> parser_;
  std::shared_ptr<AnswerQueue> queue_;  // of the request being answered
  std::string sending_;                 // what the socket is being given
  std::size_t sent_ = 0;                // how much of it the socket has taken
};

void serve(tcp::socket socket, const std::shared_ptr<HttpConnections>& connections) {
  const auto connection = std::make_shared<HttpConnection>(std::move(socket), connections);
  connections->add(connection, true);
  connection->begin();
}

void turn_away(tcp::socket socket, const std::shared_ptr<HttpConnections>& connections) {
  const auto connection = std::make_shared<HttpConnection>(std::move(socket), connections);
  connections->add(connection, false);
  connection->begin_refusal();
}

}  // namespace base
