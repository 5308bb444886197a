#include "base/http_poll.h"

#include <algorithm>
#include <cerrno>
#include <cstring>
#include <utility>

#include <unistd.h>

#include "base/log.h"

namespace base {

namespace asio = boost::asio;

namespace {

// By edges: no call changes what is watched while requests come and answers go.
constexpr std::uint32_t kWatched = EPOLLIN | EPOLLOUT | EPOLLRDHUP | EPOLLET;

bool control(int epoll, int operation, int socket, void* client) {
  epoll_event event{.events = kWatched, .data = {.ptr = client}};
  return epoll_ctl(epoll, operation, socket, &event) == 0;
}

HttpPoll::Client::Events events_of(std::uint32_t bits) {
  const bool broken = (bits & (EPOLLERR | EPOLLHUP)) != 0;
  const bool ended = broken || (bits & EPOLLRDHUP) != 0;
  return {
      .readable = ended || (bits & EPOLLIN) != 0, .ended = ended, .writable = (bits & EPOLLOUT) != 0, .broken = broken};
}

}  // namespace

HttpPoll& HttpPoll::of(asio::io_context& context) { return asio::use_service<HttpPoll>(context); }

HttpPoll::HttpPoll(asio::io_context& context) : asio::execution_context::service(context), waker_(context) {}

HttpPoll::~HttpPoll() = default;

void HttpPoll::shutdown() {
  boost::system::error_code ignored;
  waker_.close(ignored);
  epoll_ = -1;
  at_end_.clear();
}

bool HttpPoll::open() {
  epoll_ = epoll_create1(EPOLL_CLOEXEC);
  boost::system::error_code error;
  if (epoll_ >= 0) waker_.assign(epoll_, error);
  if (epoll_ >= 0 && !error) {
    wait();
    return true;
  }
  log_error("cannot watch clients", {{"error", epoll_ < 0 ? std::strerror(errno) : error.message()}});
  if (epoll_ >= 0) ::close(std::exchange(epoll_, -1));
  return false;
}

bool HttpPoll::add(int socket, Client& client) {
  return (epoll_ >= 0 || open()) && control(epoll_, EPOLL_CTL_ADD, socket, &client);
}

void HttpPoll::read_again(int socket, Client& client) { control(epoll_, EPOLL_CTL_MOD, socket, &client); }

void HttpPoll::remove(int socket, Client& client) {
  // Closing it would not do while a process that is just being started has a copy of it.
  control(epoll_, EPOLL_CTL_DEL, socket, nullptr);
  for (std::size_t i = told_; i < count_; ++i) {
    if (ready_[i].data.ptr == &client) ready_[i].data.ptr = nullptr;
  }
  std::replace(at_end_.begin(), at_end_.end(), &client, static_cast<Client*>(nullptr));
}

void HttpPoll::at_end_of_batch(Client& client) {
  if (in_batch_)
    at_end_.push_back(&client);
  else
    client.batch_ended();
}

void HttpPoll::wait() {
  waker_.async_wait(asio::posix::stream_descriptor::wait_read, [this](boost::system::error_code error) {
    if (error) return;
    tell();
    wait();
  });
}

void HttpPoll::tell() {
  const int count = epoll_wait(epoll_, ready_.data(), static_cast<int>(ready_.size()), 0);
  count_ = count > 0 ? static_cast<std::size_t>(count) : 0;
  in_batch_ = true;
  for (told_ = 0; told_ < count_;) {
    const epoll_event& event = ready_[told_++];
    if (event.data.ptr != nullptr) static_cast<Client*>(event.data.ptr)->ready(events_of(event.events));
  }
  // A client may have sent the next request already, which is answered at the end of this batch too.
  for (std::size_t i = 0; i < at_end_.size(); ++i) {
    if (at_end_[i] != nullptr) at_end_[i]->batch_ended();
  }
  at_end_.clear();
  in_batch_ = false;
}

}  // namespace base
