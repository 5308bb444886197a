#pragma once
// The engine's event stream on a thread of its own, kept open: reopened at the last event's time when it ends, breaks
// or stays silent for too long, with a bounded, jittered wait after each failure. Events that the reopening repeats
// are handed on again: EngineCounts knows them.

#include <chrono>
#include <condition_variable>
#include <cstdint>
#include <functional>
#include <memory>
#include <mutex>
#include <optional>
#include <stop_token>
#include <string>
#include <thread>

#include "base/clock.h"
#include "base/event_loop.h"
#include "guard/source/docker/client.h"
#include "guard/source/docker/mailbox.h"
#include "guard/source/docker/retry.h"

namespace guard::source {

class EngineEventStream {
 public:
  // What the stream says, in its order; runs on the loop's thread.
  struct Report {
    std::optional<EngineEvent> event;
    std::optional<base::Error> broken;  // the stream ended; it is opened again after a wait
    bool lost = false;                  // events before this report were dropped: the loop was too busy
  };

  // Events from `since` on. Destroy it on the loop's thread: it waits for its own (up to 250 ms).
  EngineEventStream(EngineOptions engine, EngineRetry retry, base::WallTime since, base::EventLoop& loop,
                    std::function<void(Report)> on_report);
  ~EngineEventStream();
  EngineEventStream(const EngineEventStream&) = delete;
  EngineEventStream& operator=(const EngineEventStream&) = delete;

  // An engine answers a stream that has nothing to tell with silence, and one that it refuses with an error: a stream
  // that has been open for a second, or has told of an event, is taken to work.
  [[nodiscard]] bool is_open() const;

 private:
  void run(const std::stop_token& stop);
  base::Status follow(const std::stop_token& stop, base::WallTime since);
  void report(Report report);

  const EngineOptions engine_;
  EngineRetry retry_;
  base::WallTime next_since_;
  Mailbox<Report> mailbox_;
  bool is_losing_ = false;

  mutable std::mutex mutex_;
  std::condition_variable_any wake_;
  std::optional<base::SteadyTime> opened_at_;  // empty between two tries
  bool has_told_ = false;                      // an event came since it was opened

  std::jthread thread_;
};

}  // namespace guard::source
