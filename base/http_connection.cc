#include "base/http_connection.h"

#include <array>
#include <chrono>
#include <string>
#include <string_view>
#include <utility>

#include <boost/asio/buffer.hpp>
#include <boost/asio/dispatch.hpp>
#include <boost/asio/post.hpp>

#include "base/http_connections.h"
#include "base/http_deadline.h"
#include "base/http_exchange.h"
#include "base/http_receipt.h"

namespace base {

namespace asio = boost::asio;
using asio::ip::tcp;
using boost::system::error_code;

namespace {

constexpr std::size_t kReadBytes = 16u << 10;

}  // namespace

// All members run in the socket's lane, those marked "any thread" apart. HttpConnections keeps it alive until
// close(); what it waits for is bytes, room to write or its handler.
class HttpConnection final : public HttpClientSlot, public std::enable_shared_from_this<HttpConnection> {
 public:
  HttpConnection(HttpSocket socket, std::shared_ptr<HttpConnections> server)
      : socket_(std::move(socket)),
        deadline_(socket_.get_executor()),
        server_(std::move(server)),
        receipt_(server_->options),
        held_(server_->options.memory, HttpMemory::Kind::connections) {}

  ~HttpConnection() override {
    if (queue_) queue_->retire();  // its callbacks may own the exchange, and so the queue itself
  }
  HttpConnection(const HttpConnection&) = delete;
  HttpConnection& operator=(const HttpConnection&) = delete;

  // Any thread.
  void begin(bool has_place) {
    const bool has_room = has_place && held_.hold(kConnectionBytes);
    in_lane(has_room ? &HttpConnection::first_request : &HttpConnection::refuse_for_load);
  }
  void drain() override { in_lane(&HttpConnection::close_if_idle); }
  void cut() override { in_lane(&HttpConnection::close); }
  void give_up_place() override { in_lane(&HttpConnection::close_unless_asked); }

 private:
  enum class State { idle, header, body, answering, lingering, closed };

  void in_lane(void (HttpConnection::*member)()) {
    asio::post(socket_.get_executor(), [self = shared_from_this(), member] { (self.get()->*member)(); });
  }
  // A whole answer that comes from within the handler is sent right there; pieces of a stream are gathered first.
  void wake(bool whole) {
    if (!whole) return in_lane(&HttpConnection::send_next);
    asio::dispatch(socket_.get_executor(), [self = shared_from_this()] { self->send_next(); });
  }

  void first_request() {
    make_ready(socket_);
    const auto peer = peer_of(socket_);
    peer_ = peer.to_string();
    peer_is_loopback_ = peer.is_loopback();
    // Who connects means to ask: only a kept connection may be idle for longer.
    wait_for_request(server_->options.header_timeout);
  }

  void refuse_for_load() {
    make_ready(socket_);
    refuse(503);
    watch();
  }

  void next_request() {
    if (state_ == State::closed) return;
    server_->waits_again(*this);
    wait_for_request(server_->options.idle_timeout);
  }

  void wait_for_request(std::chrono::milliseconds patience) {
    if (server_->is_draining() && receipt_.waiting() == 0) return close();
    state_ = State::idle;
    allow(patience, &HttpConnection::close);
    if (parsing_) return;
    parse();
    watch();
  }

  void allow(std::chrono::milliseconds time, void (HttpConnection::*too_late)()) {
    deadline_.allow(shared_from_this(), time, too_late);
  }
  void request_too_slow() { refuse(408); }

  // Goes on while an answer is being made: that is how a client that leaves is noticed. Stops when one sends ahead too
  // far. A read into bytes of its own is one call into the kernel for a request; to wait without any would be three.
  void watch() {
    if (watching_ || end_of_input_ || state_ == State::closed) return;
    if (state_ == State::answering && receipt_.waiting() >= kReadBytes) return;
    watching_ = true;
    socket_.async_read_some(asio::buffer(first_bytes_),
                            [self = shared_from_this()](error_code error, std::size_t size) {
                              self->watching_ = false;
                              if (self->state_ != State::closed) self->read(error, size);
                            });
  }

  void read(error_code error, std::size_t size) {
    keep({first_bytes_.data(), size});
    std::array<char, kReadBytes> more;
    if (size == first_bytes_.size()) keep({more.data(), socket_.read_some(asio::buffer(more), error)});
    if (error && error != asio::error::would_block && error != asio::error::interrupted) {
      return input_ended(error == asio::error::eof);
    }
    if (state_ != State::answering && state_ != State::lingering) parse();
    watch();
  }

  void keep(std::string_view bytes) {
    if (state_ != State::lingering) receipt_.append(bytes);
  }

  // A client that shuts down its side counts as gone unless its answer is only waiting to be sent.
  void input_ended(bool orderly) {
    end_of_input_ = true;
    const bool answer_is_ready = state_ == State::answering && queue_ && queue_->is_finished();
    if (!orderly || !answer_is_ready) close();
  }

  void parse() {
    parsing_ = true;
    parse_received();
    parsing_ = false;
    receipt_.release_memory();
  }

  void parse_received() {
    while (receipt_.waiting() > 0 && (state_ == State::idle || state_ == State::header || state_ == State::body)) {
      if (state_ == State::idle) {
        state_ = State::header;
        allow(server_->options.header_timeout, &HttpConnection::request_too_slow);
      }
      switch (receipt_.read()) {
        case HttpReceipt::Step::need_more: return;
        case HttpReceipt::Step::header_done: expect_body(); break;
        case HttpReceipt::Step::done: hand_over(); break;
        case HttpReceipt::Step::failed: refuse(receipt_.failure_status()); break;
      }
    }
  }

  void expect_body() {
    state_ = State::body;
    allow(server_->options.body_timeout, &HttpConnection::request_too_slow);
    if (receipt_.wants_continue()) send("HTTP/1.1 100 Continue\r\n\r\n");
  }

  std::shared_ptr<AnswerQueue> new_queue(AnswerForm form) {
    const std::weak_ptr<HttpConnection> weak = weak_from_this();
    const auto executor = socket_.get_executor();
    return std::make_shared<AnswerQueue>(
        form,
        [weak](bool whole) {
          if (const auto self = weak.lock()) self->wake(whole);
        },
        [executor](AnswerQueue::Callback callback) { asio::post(executor, std::move(callback)); },
        server_->options.memory);
  }

  void hand_over() {
    state_ = State::answering;
    deadline_.call_off();
    server_->request_came(*this);
    if (server_->is_abandoned()) return close();
    auto [request, held, keep_alive, http_1_0] = receipt_.take();
    request.peer = peer_;
    request.peer_is_loopback = peer_is_loopback_;
    queue_ = new_queue({request.method == "HEAD", http_1_0, keep_alive && !server_->is_draining()});
    server_->handler(make_exchange(std::move(request), queue_, std::move(held)));
  }

  // Answers with an error of the server's own, and closes.
  void refuse(int status) {
    if (state_ == State::closed) return;
    state_ = State::answering;
    allow(server_->options.write_timeout, &HttpConnection::close);
    refused_ = true;
    receipt_.drop();
    queue_ = new_queue({});
    queue_->respond(server_->refusal(status));
  }

  void send_next() {
    if (!sending_.empty() || !queue_ || state_ != State::answering) return;
    auto batch = queue_->take();
    if (!batch.bytes.empty()) return send(std::move(batch.bytes));
    if (batch.broken) return close();
    if (batch.complete) return answered();
    deadline_.call_off();
    if (batch.drained) batch.drained();
  }

  void send(std::string bytes) {
    sending_ = std::move(bytes);
    sent_ = 0;
    send_some();
  }

  // Mostly the socket takes all at once, and nobody has to wait.
  void send_some() {
    error_code at_once;
    const std::size_t taken = socket_.write_some(asio::buffer(sending_) + sent_, at_once);
    if (at_once != asio::error::would_block) return sent(at_once, taken);
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
    const bool again = queue_->keeps_connection() && !end_of_input_;
    queue_->retire();
    queue_.reset();
    if (again) return next_request();
    if (!refused_ || end_of_input_) return close();
    state_ = State::lingering;
    error_code ignored;
    socket_.shutdown(tcp::socket::shutdown_send, ignored);
    allow(kLingerTime, &HttpConnection::close);
    watch();
  }

  void close_if_idle() {
    if (state_ == State::idle && receipt_.waiting() == 0) return close();
    if (queue_) queue_->forbid_keep_alive();
  }

  // It was chosen before what lay in its socket was read, perhaps, or on another thread.
  void close_unless_asked() {
    if (state_ == State::idle && has_unread(socket_)) return server_->waits_again(*this);
    if (state_ != State::answering && state_ != State::lingering) close();
  }

  void close() {
    if (std::exchange(state_, State::closed) == State::closed) return;
    deadline_.end();
    static_cast<void>(held_.hold(0));  // before the client can see that it is gone
    error_code ignored;
    socket_.close(ignored);
    AnswerQueue::Callback gone;
    if (queue_) gone = queue_->close();
    queue_.reset();
    receipt_.drop();
    if (gone) gone();
    server_->remove(*this);
  }

  HttpSocket socket_;
  HttpDeadline<HttpConnection, HttpSocket::executor_type> deadline_;
  const std::shared_ptr<HttpConnections> server_;
  std::string peer_;  // its numeric address
  bool peer_is_loopback_ = false;
  State state_ = State::idle;
  bool parsing_ = false;
  bool watching_ = false;
  bool end_of_input_ = false;
  bool refused_ = false;
  std::array<char, kFirstBytes> first_bytes_;
  HttpReceipt receipt_;
  HttpHold held_;                       // what the connection itself costs
  std::shared_ptr<AnswerQueue> queue_;  // of the request being answered
  std::string sending_;                 // what the socket is being given
  std::size_t sent_ = 0;                // how much of it the socket has taken
};

void serve(HttpSocket socket, const std::shared_ptr<HttpConnections>& connections, bool has_place) {
  const auto connection = std::make_shared<HttpConnection>(std::move(socket), connections);
  connections->add(connection, has_place);
  connection->begin(has_place);
}

}  // namespace base
