#include "chatcore/command/drain.h"

#include <string>

#include <string.h>

#include "base/log.h"

namespace chatcore::command {
namespace {

using std::chrono::milliseconds;

constexpr milliseconds kBeat{20};
// For answers whose stream has ended but whose last bytes are still on their way.
constexpr milliseconds kLastBytes{500};
// For the storage to take what was cut. It does so within milliseconds, or its disk is gone.
constexpr milliseconds kStoreGrace{5000};
// A closed storage answers at once, so a few are enough.
constexpr int kLastBeats = 50;

}  // namespace

Drain::Drain(base::EventLoop& loop, base::HttpServer& server, Admission& admission, milliseconds deadline)
    : loop_(loop), server_(server), admission_(admission), deadline_(deadline) {}

void Drain::begin(int signal) {
  if (phase_ != Phase::serving) return hurry();
  phase_ = Phase::finishing;
  admission_.begin_drain();
  began_ = std::chrono::steady_clock::now();
  base::log_info("Draining", {{"signal", strsignal(signal)},
                              {"turns_in_flight", admission_.turns_in_flight()},
                              {"deadline_seconds", std::chrono::duration<double>(deadline_).count()}});
  // The server goes on accepting meanwhile, so that probes see 503 and late clients a typed refusal.
  beat_ = loop_.every(kBeat, [this](int) { look(); });
}

void Drain::hurry() {
  if (phase_ != Phase::finishing) return;
  base::log_info("Second stop signal: cutting answers in progress", {{"turns_in_flight", admission_.turns_in_flight()}});
  deadline_ = std::chrono::duration_cast<milliseconds>(std::chrono::steady_clock::now() - began_);
}

void Drain::look() {
  const bool idle = admission_.turns_in_flight() == 0;
  const auto passed = std::chrono::steady_clock::now() - began_;
  if (phase_ == Phase::finishing) {
    if (idle) return close_connections(kLastBytes);
    if (passed < deadline_) return;
    cut_ = admission_.turns_in_flight();
    return close_connections(milliseconds(0));
  }
  // A cut turn is in flight until the storage has its answer.
  if ((connections_closed_ && idle) || passed > deadline_ + kLastBytes + kStoreGrace) loop_.stop();
}

// By now each look stops the loop.
void Drain::end_turns() {
  for (int beats = 0; beats < kLastBeats && admission_.turns_in_flight() > 0; ++beats) loop_.run();
}

void Drain::close_connections(milliseconds patience) {
  phase_ = Phase::closing;
  server_.drain(patience, [this] { connections_closed_ = true; });
}

}  // namespace chatcore::command
