#include "base/stream_client.h"

#include <unordered_map>
#include <utility>

#include "base/curl_parts.h"
#include "base/descriptor_watch.h"
#include "base/log.h"
#include "base/serial.h"
#include "base/stream_transfer.h"

namespace base {

namespace {

using std::chrono::milliseconds;

SteadyTime steady_now() { return std::chrono::steady_clock::now(); }

// A request of libcurl to be called again at once is followed so many times in a row before others get their turn.
constexpr int kMaxRunsInARow = 16;

}  // namespace

// Everything below happens in steps of one strand: libcurl's multi handle must be used by one thread at a time, and
// none of its functions may be called from within one of its callbacks.
struct StreamClient::Impl : std::enable_shared_from_this<Impl> {
  Impl(EventLoop& its_loop, StreamClientOptions its_options) : loop(its_loop), options(std::move(its_options)) {}

  void open_multi();
  void begin(const std::shared_ptr<StreamTransfer>& transfer);
  void drop(StreamTransfer& transfer);
  void resume(const std::shared_ptr<StreamTransfer>& transfer);
  void close();
  void step(std::function<void()> work);          // from a loop thread
  void step_on_loop(std::function<void()> work);  // from any thread

  EventLoop& loop;
  const StreamClientOptions options;
  std::atomic<std::size_t> open{0};
  std::atomic<std::uint64_t> connections{0};

 private:
  struct Socket {
    Socket(EventLoop& its_loop, int fd, std::function<void(DescriptorWatch::Side)> ready)
        : watch(its_loop, fd, std::move(ready)) {}
    bool read = false;
    bool write = false;
    DescriptorWatch watch;
  };

  static int on_socket(CURL*, curl_socket_t fd, int what, void* self, void*);
  static int on_timer(CURLM*, long timeout_ms, void* self);
  void change_interest(curl_socket_t fd, int what);
  void set_timer(long timeout_ms);
  void socket_ready(curl_socket_t fd, DescriptorWatch::Side side);
  void run_due();
  void take_results();
  void watch_deadline(const std::shared_ptr<StreamTransfer>& transfer);
  void check_deadline(const std::shared_ptr<StreamTransfer>& transfer);
  // Takes the transfer out of libcurl's hands and ours; the caller keeps what is returned as long as it needs it.
  std::shared_ptr<StreamTransfer> take_out(CURL* easy);

  Serial serial_;  // guards all below
  std::unordered_map<curl_socket_t, Socket> sockets_;
  std::unordered_map<CURL*, std::shared_ptr<StreamTransfer>> transfers_;
  Pending timer_;
  bool due_ = false;  // libcurl asked to be called at once
  OwnedMulti multi_;  // last, so that it goes first: closing it calls back
};

void StreamClient::Impl::step(std::function<void()> work) {
  serial_.run([self = shared_from_this(), work = std::move(work)] {
    work();
    self->run_due();
  });
}

void StreamClient::Impl::step_on_loop(std::function<void()> work) {
  loop.post([self = shared_from_this(), work = std::move(work)]() mutable { self->step(std::move(work)); });
}

void StreamClient::Impl::open_multi() {
  multi_.reset(prepare_curl() ? curl_multi_init() : nullptr);
  if (!multi_) return log_error("curl could not be initialised", {});
  CURLM* multi = multi_.get();
  curl_multi_setopt(multi, CURLMOPT_SOCKETFUNCTION, static_cast<curl_socket_callback>(&Impl::on_socket));
  curl_multi_setopt(multi, CURLMOPT_SOCKETDATA, static_cast<void*>(this));
  curl_multi_setopt(multi, CURLMOPT_TIMERFUNCTION, static_cast<curl_multi_timer_callback>(&Impl::on_timer));
  curl_multi_setopt(multi, CURLMOPT_TIMERDATA, static_cast<void*>(this));
  curl_multi_setopt(multi, CURLMOPT_MAX_TOTAL_CONNECTIONS, static_cast<long>(options.max_connections));
  curl_multi_setopt(multi, CURLMOPT_MAX_HOST_CONNECTIONS, static_cast<long>(options.max_connections_per_host));
  curl_multi_setopt(multi, CURLMOPT_MAXCONNECTS, static_cast<long>(options.max_connections));
}

void StreamClient::Impl::begin(const std::shared_ptr<StreamTransfer>& transfer) {
  if (transfer->cancelled) return transfer->forget_reader();
  if (!multi_) return transfer->end(Error{Code::unavailable, "the client is closed"});
  if (auto prepared = transfer->prepare(options, steady_now()); !prepared) return transfer->end(prepared.error());
  if (curl_multi_add_handle(multi_.get(), transfer->easy()) != CURLM_OK) {
    return transfer->end(Error{Code::internal, "curl_multi_add_handle"});
  }
  transfers_[transfer->easy()] = transfer;
  open = transfers_.size();
  watch_deadline(transfer);
}

void StreamClient::Impl::drop(StreamTransfer& transfer) {
  const auto held = take_out(transfer.easy());
  transfer.forget_reader();
}

void StreamClient::Impl::resume(const std::shared_ptr<StreamTransfer>& transfer) {
  if (!transfers_.contains(transfer->easy())) return;
  if (const CURLcode code = transfer->resume(steady_now()); code != CURLE_OK) {
    take_out(transfer->easy());
    return transfer->end(code);
  }
  watch_deadline(transfer);
}

std::shared_ptr<StreamTransfer> StreamClient::Impl::take_out(CURL* easy) {
  const auto found = transfers_.find(easy);
  if (found == transfers_.end()) return nullptr;
  auto transfer = std::move(found->second);
  transfers_.erase(found);
  transfer->deadline.cancel();
  connections += static_cast<std::uint64_t>(transfer->connections_made());
  open = transfers_.size();
  curl_multi_remove_handle(multi_.get(), easy);
  return transfer;
}

void StreamClient::Impl::close() {
  timer_.cancel();
  while (!transfers_.empty()) {
    const auto transfer = transfers_.begin()->second;
    transfer->cancelled = true;
    drop(*transfer);
  }
  multi_.reset();
  sockets_.clear();
}

int StreamClient::Impl::on_socket(CURL*, curl_socket_t fd, int what, void* self, void*) {
  static_cast<Impl*>(self)->change_interest(fd, what);
  return 0;
}

int StreamClient::Impl::on_timer(CURLM*, long timeout_ms, void* self) {
  static_cast<Impl*>(self)->set_timer(timeout_ms);
  return 0;
}

void StreamClient::Impl::change_interest(curl_socket_t fd, int what) {
  if (what == CURL_POLL_REMOVE) {
    sockets_.erase(fd);
    return;
  }
  auto found = sockets_.find(fd);
  if (found == sockets_.end()) {
    const auto ready = [weak = weak_from_this(), fd](DescriptorWatch::Side side) {
      if (const auto self = weak.lock()) self->step([self, fd, side] { self->socket_ready(fd, side); });
    };
    found = sockets_.try_emplace(fd, loop, fd, ready).first;
  }
  auto& socket = found->second;
  socket.read = (what & CURL_POLL_IN) != 0;
  socket.write = (what & CURL_POLL_OUT) != 0;
  socket.watch.want(socket.read, socket.write);
}

void StreamClient::Impl::set_timer(long timeout_ms) {
  timer_.cancel();
  due_ = timeout_ms == 0;
  if (timeout_ms <= 0) return;
  timer_ = loop.after(milliseconds(timeout_ms), [weak = weak_from_this()] {
    if (const auto self = weak.lock()) self->step([self] { self->due_ = true; });
  });
}

void StreamClient::Impl::socket_ready(curl_socket_t fd, DescriptorWatch::Side side) {
  if (!multi_) return;
  int running = 0;
  const int what = side == DescriptorWatch::Side::read ? CURL_CSELECT_IN : CURL_CSELECT_OUT;
  curl_multi_socket_action(multi_.get(), fd, what, &running);
  take_results();
  // A side is reported once; libcurl says nothing when it wants the same as before.
  const auto found = sockets_.find(fd);
  if (found != sockets_.end()) found->second.watch.want(found->second.read, found->second.write);
}

void StreamClient::Impl::run_due() {
  for (int run = 0; due_ && multi_; ++run) {
    if (run == kMaxRunsInARow) return step_on_loop([] {});
    due_ = false;
    int running = 0;
    curl_multi_socket_action(multi_.get(), CURL_SOCKET_TIMEOUT, 0, &running);
    take_results();
  }
}

void StreamClient::Impl::take_results() {
  int left = 0;
  while (const CURLMsg* message = curl_multi_info_read(multi_.get(), &left)) {
    if (message->msg != CURLMSG_DONE) continue;
    const CURLcode code = message->data.result;  // the message goes with its handle
    if (const auto transfer = take_out(message->easy_handle)) transfer->end(code);
  }
}

void StreamClient::Impl::watch_deadline(const std::shared_ptr<StreamTransfer>& transfer) {
  const auto now = steady_now();
  const auto next = transfer->next_check(now);
  if (!next) return;
  transfer->deadline = loop.after(*next - now, [weak = weak_from_this(), checked = std::weak_ptr(transfer)] {
    const auto self = weak.lock();
    const auto due = checked.lock();
    if (self && due) self->step([self, due] { self->check_deadline(due); });
  });
}

void StreamClient::Impl::check_deadline(const std::shared_ptr<StreamTransfer>& transfer) {
  if (!transfers_.contains(transfer->easy())) return;
  const auto overdue = transfer->overdue(steady_now());
  if (!overdue) return watch_deadline(transfer);
  take_out(transfer->easy());
  transfer->end(*overdue);
}

// What a reader holds of its stream. It may be held longer than the client lives.
class StreamClient::Handle final : public HttpStream {
 public:
  Handle(std::weak_ptr<Impl> impl, std::shared_ptr<StreamTransfer> transfer)
      : impl_(std::move(impl)), transfer_(std::move(transfer)) {}
  ~Handle() override { Handle::cancel(); }
  Handle(const Handle&) = delete;
  Handle& operator=(const Handle&) = delete;

  void pause() override { transfer_->paused = true; }
  // The client's deadline timer is at least as frequent as the idle timeout needs, so it needs no wake-up.
  void answer_begun() override { transfer_->reader_has_begun = true; }
  void resume() override {
    const auto impl = impl_.lock();
    if (!transfer_->paused.exchange(false) || !impl) return;
    impl->step_on_loop([impl = impl.get(), transfer = transfer_] { impl->resume(transfer); });
  }
  void cancel() override {
    const auto impl = impl_.lock();
    if (transfer_->cancelled.exchange(true) || !impl) return;
    impl->step_on_loop([impl = impl.get(), transfer = transfer_] { impl->drop(*transfer); });
  }

 private:
  const std::weak_ptr<Impl> impl_;
  const std::shared_ptr<StreamTransfer> transfer_;
};

StreamClient::StreamClient(EventLoop& loop, StreamClientOptions options)
    : impl_(std::make_shared<Impl>(loop, std::move(options))) {
  impl_->open_multi();
}

StreamClient::~StreamClient() {
  // On this thread when nothing else runs, else on the one that does, which then holds the last share.
  impl_->step([impl = impl_] { impl->close(); });
}

std::unique_ptr<HttpStream> StreamClient::open(StreamRequest request, StreamEvents events) {
  auto transfer = std::make_shared<StreamTransfer>(std::move(request), std::move(events));
  impl_->step_on_loop([impl = impl_.get(), transfer] { impl->begin(transfer); });
  return std::make_unique<Handle>(impl_, std::move(transfer));
}

std::size_t StreamClient::open_streams() const { return impl_->open; }

std::uint64_t StreamClient::connections_made() const { return impl_->connections; }

}  // namespace base
