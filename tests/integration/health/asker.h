#pragma once
// Asks one question on a loop of its own and waits for the answer.

#include <functional>
#include <future>
#include <memory>
#include <thread>
#include <utility>

#include <sys/resource.h>
#include <unistd.h>

#include <gtest/gtest.h>

#include "base/event_loop.h"
#include "base/stream_client.h"
#include "guard/source/probe/attempt.h"
#include "guard/source/probe/http.h"
#include "guard/source/probe/tcp.h"

namespace guard::source {

constexpr auto kAskerPatience = std::chrono::seconds(10);

class Asker {
 public:
  Asker() : client_(std::make_unique<base::StreamClient>(loop_, base::StreamClientOptions{})) {
    runner_ = std::thread([this] { loop_.run(); });
  }
  ~Asker() {
    std::promise<void> gone;
    loop_.post([&] {
      attempt_.reset();
      client_.reset();
      gone.set_value();
    });
    gone.get_future().wait();
    loop_.post([this] { loop_.stop(); });
    runner_.join();
  }
  Asker(const Asker&) = delete;
  Asker& operator=(const Asker&) = delete;

  void http(HttpQuestion question) {
    begin([this, question](ProbeDone done) { return ask_http(*client_, question, std::move(done)); });
  }
  void tcp(std::string address, base::Duration timeout) {
    begin([this, address, timeout](ProbeDone done) { return ask_tcp(loop_, address, timeout, std::move(done)); });
  }
  // Asks and gives it up before the loop could have seen an answer.
  void tcp_given_up(std::string address, base::Duration timeout) {
    begin([this, address, timeout](ProbeDone done) {
      (void)ask_tcp(loop_, address, timeout, std::move(done));
      return nullptr;
    });
  }
  // What became of it; an answer of its own when none comes.
  ProbeAnswer answer() {
    auto future = answered_.get_future();
    if (future.wait_for(kAskerPatience) != std::future_status::ready) {
      ADD_FAILURE() << "no answer came";
      return {};
    }
    return future.get();
  }
  // Gives the question up.
  void give_up() {
    std::promise<void> gone;
    loop_.post([&] {
      attempt_.reset();
      gone.set_value();
    });
    gone.get_future().wait();
  }

 private:
  void begin(std::function<std::unique_ptr<ProbeAttempt>(ProbeDone)> ask) {
    std::promise<void> begun;
    loop_.post([&] {
      attempt_ = ask([this](ProbeAnswer answer) { answered_.set_value(std::move(answer)); });
      begun.set_value();
    });
    begun.get_future().wait();
  }

  base::EventLoop loop_{1};
  std::unique_ptr<base::StreamClient> client_;
  std::unique_ptr<ProbeAttempt> attempt_;
  std::promise<ProbeAnswer> answered_;
  const base::Pending beat_ = loop_.every(std::chrono::hours(1), [](int) {});  // a loop without work would end
  std::thread runner_;
};

// This process may open no descriptor more.
class NoDescriptorsLeft {
 public:
  NoDescriptorsLeft() {
    ::getrlimit(RLIMIT_NOFILE, &before_);
    const int free = ::dup(STDERR_FILENO);  // the lowest that is free
    ::close(free);
    rlimit none = before_;
    none.rlim_cur = static_cast<rlim_t>(free);
    ::setrlimit(RLIMIT_NOFILE, &none);
  }
  ~NoDescriptorsLeft() { ::setrlimit(RLIMIT_NOFILE, &before_); }
  NoDescriptorsLeft(const NoDescriptorsLeft&) = delete;
  NoDescriptorsLeft& operator=(const NoDescriptorsLeft&) = delete;

 private:
  rlimit before_{};
};

inline bool operator==(const ProbeAnswer& a, const ProbeAnswer& b) { return a.kind == b.kind && a.why == b.why; }
inline std::ostream& operator<<(std::ostream& out, const ProbeAnswer& answer) {
  constexpr const char* kNames[] = {"passed", "failed", "unable"};
  return out << kNames[static_cast<int>(answer.kind)] << "(" << answer.why << ")";
}

}  // namespace guard::source
