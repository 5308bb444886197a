#include "base/http_connection.h"

#include <array>
#include <chrono>
#include <string_view>
#include <utility>

#include <boost/asio/io_context.hpp>
#include <boost/asio/post.hpp>

#include "base/http_deadline.h"
#include "base/http_exchange.h"
#include "base/http_poll.h"
#include "base/http_receipt.h"
#include "base/http_socket.h"

namespace base {

namespace asio = boost::asio;

// All members run on the thread of one io_context, those marked "any thread" apart. HttpConnections keeps it alive
// until close(); what it waits for is bytes, room to write or its handler.
class HttpConnection final : public HttpClientSlot,
                             public HttpPoll::Client,
                             public AnswerSender,
                             public std::enable_shared_from_this<HttpConnection> {
 public:
  HttpConnection(int socket, asio::io_context& context, std::shared_ptr<HttpConnections> server)
      : context_(context),
        socket_(socket, server->options.tls ? server->options.tls() : nullptr),
        deadline_(context_.get_executor()),
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
    if (has_place) held_.hold_regardless(socket_.held_bytes());
    post(has_place ? &HttpConnection::first_request : &HttpConnection::refuse_for_load);
  }
  void drain() override { post(&HttpConnection::close_if_idle); }
  void cut() override { post(&HttpConnection::close); }
  void give_up_place() override { post(&HttpConnection::close_unless_asked); }
  // A whole answer that comes from within the handler goes out with those to the others who have just asked; pieces of
  // a stream are gathered first.
  void wake(bool whole) override {
    if (whole && context_.get_executor().running_in_this_thread()) return poll_->at_end_of_batch(*this);
    post(&HttpConnection::send_next);
  }

  void ready(Events events) override {
    const auto self = shared_from_this();
    if (socket_.has_tls()) return ready_with_tls(events);
    if (watching_ && events.readable) receive();
    if (watching_ && events.ended) receive();  // the end itself, behind what came before it
    if (!watching_ && events.broken) close();
    if (waits_to_send_ && events.writable) send_some();
  }
  void batch_ended() override {
    const auto self = shared_from_this();
    send_next();
  }

 private:
  static constexpr std::size_t kReadBytes = 16u << 10;

  enum class State { idle, header, body, answering, lingering, closed };

  // Either direction may have to wait for the other one. Nothing is read while a write is unfinished.
  void ready_with_tls(Events events) {
    if (events.broken && (waits_to_send_ || !watching_)) return close();
    if (waits_to_send_) send_some();
    if (!waits_to_send_ && watching_) receive();
    if (!waits_to_send_ && watching_ && events.ended) receive();
  }

  void post(void (HttpConnection::*member)()) {
    asio::post(context_, [self = shared_from_this(), member] { (self.get()->*member)(); });
  }

  void first_request() {
    peer_ = socket_.peer();
    // Who connects means to ask: only a kept connection may be idle for longer.
    if (join()) wait_for_request(server_->options.header_timeout);
  }
  void refuse_for_load() {
    if (join()) refuse(503);
  }
  bool join() {
    poll_ = &HttpPoll::of(context_);
    watching_ = poll_->add(socket_.fd(), *this);
    if (!watching_) close();
    return watching_;
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
    if (parsing_) return;  // an answer within its handler: what waits is looked at there
    parse();
    watch();
  }

  void allow(std::chrono::milliseconds time, void (HttpConnection::*too_late)()) {
    deadline_.allow(*this, time, too_late);
  }
  void request_too_slow() { refuse(408); }

  // Goes on while an answer is being made: that is how a client that leaves is noticed. Stops when one sends ahead too
  // far.
  [[nodiscard]] bool may_send_ahead() const { return state_ != State::answering || receipt_.waiting() < kReadBytes; }
  void watch() {
    if (watching_ || end_of_input_ || state_ == State::closed || !may_send_ahead()) return;
    watching_ = true;
    poll_->read_again(socket_.fd(), *this);
  }

  void receive() {
    std::array<char, kReadBytes> bytes;
    const auto read = socket_.read(bytes);
    if (read.would_block) {
      if (socket_.has_tls() && socket_.has_unread()) poll_->read_again(socket_.fd(), *this);
      return;
    }
    if (read.bytes == 0) return input_ended(!read.failed);
    if (state_ != State::lingering) receipt_.lend({bytes.data(), read.bytes});
    parse();
    if (state_ == State::closed) return;
    watching_ = may_send_ahead();
    if (watching_ && (read.bytes == bytes.size() || socket_.has_tls())) poll_->read_again(socket_.fd(), *this);
  }

  // A client that shuts down its side counts as gone unless its answer is only waiting to be sent.
  void input_ended(bool orderly) {
    end_of_input_ = true;
    watching_ = false;
    const bool answer_is_ready = state_ == State::answering && queue_ && queue_->is_finished();
    if (!orderly || !answer_is_ready) close();
  }

  void parse() {
    parsing_ = true;
    parse_received();
    parsing_ = false;
    receipt_.keep_rest();
  }

  void parse_received() {
    while (receipt_.waiting() > 0 && (state_ == State::idle || state_ == State::header || state_ == State::body)) {
      const bool is_new = state_ == State::idle;
      if (is_new) state_ = State::header;
      switch (receipt_.read()) {
        case HttpReceipt::Step::need_more: return is_new ? expect_header() : void();
        case HttpReceipt::Step::header_done: expect_body(); break;
        case HttpReceipt::Step::done: hand_over(); break;
        case HttpReceipt::Step::failed: refuse(receipt_.failure_status()); break;
      }
    }
  }

  void expect_header() { allow(server_->options.header_timeout, &HttpConnection::request_too_slow); }
  void expect_body() {
    state_ = State::body;
    allow(server_->options.body_timeout, &HttpConnection::request_too_slow);
    if (receipt_.wants_continue()) send({.bytes = "HTTP/1.1 100 Continue\r\n\r\n"});
  }

  std::shared_ptr<AnswerQueue> new_queue(AnswerForm form) {
    return std::make_shared<AnswerQueue>(
        form, weak_from_this(),
        [context = &context_](AnswerQueue::Callback callback) { asio::post(*context, std::move(callback)); },
        server_->options.memory);
  }

  void hand_over() {
    state_ = State::answering;
    deadline_.call_off();
    if (waits_to_send_) wait_to_send();  // "100 Continue", which a client that reads nothing leaves in the way
    server_->request_came(*this);
    if (server_->is_abandoned()) return close();
    auto [request, held, keep_alive, http_1_0] = receipt_.take();
    request.peer = peer_.address;
    request.peer_is_loopback = peer_.is_loopback;
    request.over_tls = socket_.has_tls();
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
    if (!sending_.bytes.empty() || !queue_ || state_ != State::answering) return;
    auto batch = queue_->take();
    if (!batch.bytes.empty()) return send(std::move(batch));
    if (batch.broken) return close();
    if (batch.complete) return answered();
    deadline_.call_off();
    if (batch.drained) batch.drained();
  }

  void send(AnswerQueue::Batch batch) {
    sending_ = std::move(batch);
    sent_ = 0;
    send_some();
  }

  // Mostly the socket takes all at once, and nobody has to wait.
  void send_some() {
    waits_to_send_ = false;
    while (sent_ < sending_.bytes.size()) {
      const auto written = socket_.write(std::string_view(sending_.bytes).substr(sent_));
      if (written.failed) return close();
      if (written.would_block) return wait_to_send();
      sent_ += written.bytes;
    }
    const bool was_last = std::exchange(sending_, {}).complete;  // lets go of the memory too
    if (was_last) return answered();
    send_next();
  }

  void wait_to_send() {
    waits_to_send_ = true;
    // Each byte taken buys the client the whole time again.
    if (state_ == State::answering) allow(server_->options.write_timeout, &HttpConnection::close);
  }

  void answered() {
    const bool again = queue_->retire() && !end_of_input_;
    queue_.reset();
    if (again) return next_request();
    if (!refused_ || end_of_input_) return close();
    state_ = State::lingering;
    socket_.shut_down_writing();
    allow(kLingerTime, &HttpConnection::close);
    watch();
  }

  void close_if_idle() {
    if (state_ == State::idle && receipt_.waiting() == 0) return close();
    if (queue_) queue_->forbid_keep_alive();
  }

  // It was chosen before what lay in its socket was read, perhaps, or on another thread.
  void close_unless_asked() {
    if (state_ == State::idle && socket_.has_unread()) return server_->waits_again(*this);
    if (state_ != State::answering && state_ != State::lingering) close();
  }

  void close() {
    if (std::exchange(state_, State::closed) == State::closed) return;
    deadline_.end();
    static_cast<void>(held_.hold(0));  // before the client can see that it is gone
    if (poll_ != nullptr) poll_->remove(socket_.fd(), *this);
    watching_ = waits_to_send_ = false;
    socket_.close();
    AnswerQueue::Callback gone;
    if (queue_) gone = queue_->close();
    queue_.reset();
    receipt_.drop();
    if (gone) gone();
    server_->remove(*this);
  }

  asio::io_context& context_;
  HttpSocket socket_;
  HttpPoll* poll_ = nullptr;
  HttpDeadline<HttpConnection, asio::io_context::executor_type> deadline_;
  const std::shared_ptr<HttpConnections> server_;
  HttpSocket::Peer peer_;
  State state_ = State::idle;
  bool parsing_ = false;
  bool watching_ = false;       // what comes is wanted
  bool waits_to_send_ = false;  // the socket is full
  bool end_of_input_ = false;
  bool refused_ = false;
  HttpReceipt receipt_;
  HttpReservation held_;                // what the connection itself costs
  std::shared_ptr<AnswerQueue> queue_;  // of the request being answered
  AnswerQueue::Batch sending_;          // what the socket is being given
  std::size_t sent_ = 0;                // how much of it the socket has taken
};

void serve(int socket, boost::asio::io_context& context, const std::shared_ptr<HttpConnections>& connections,
           bool has_place) {
  const auto connection = std::make_shared<HttpConnection>(socket, context, connections);
  connections->add(connection, has_place);
  connection->begin(has_place);
}

}  // namespace base
