#pragma once
// How a serving chatcore ends: readiness turns red and new turns are refused at once; answers under way go on until
// the deadline; what is left then is cut, and stored as interrupted; only then does the loop stop.

#include <atomic>
#include <chrono>
#include <cstddef>

#include "base/clock.h"
#include "base/event_loop.h"
#include "base/http_server.h"
#include "chatcore/admission.h"

namespace chatcore::command {

class Drain {
 public:
  // Borrows all; the loop must have stopped before this is destroyed.
  Drain(base::EventLoop& loop, base::HttpServer& server, Admission& admission, std::chrono::milliseconds deadline);

  // On a loop thread. A second call is somebody who does not want to wait: what is under way is cut now.
  void begin(int signal);
  // After the storage was closed, and so has answered all that it was asked: runs the loop until the turns that waited
  // for it longer than a drain does have come to their end. Left where they are, they would give back what they hold
  // while all of that is being taken down.
  void end_turns();
  // Turns that met the deadline; to be asked after the loop has stopped.
  [[nodiscard]] std::size_t cut() const { return cut_; }

 private:
  enum class Phase { serving, finishing, closing };

  void look();
  void hurry();
  void close_connections(std::chrono::milliseconds patience);

  base::EventLoop& loop_;
  base::HttpServer& server_;
  Admission& admission_;
  std::chrono::milliseconds deadline_;  // this and the next two: of the thread that the signals' callback runs on
  base::SteadyTime began_;
  Phase phase_ = Phase::serving;
  std::atomic<bool> connections_closed_{false};
  std::size_t cut_ = 0;
  base::Pending beat_;
};

}  // namespace chatcore::command
