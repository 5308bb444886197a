#pragma once
// Follows one container's log through the engine, so that it works for every log driver that can be read, across
// rotation, restarts of the container and of the engine. Each line arrives once, on the follower's own thread.
//
// A followed stream is not trusted: engines lose or repeat lines at rotation, hang there, and end streams. So what was
// written lately is read again from time to time, and what was not delivered yet is: late, but with its own time.
//
// "The stream is broken" and "the line is absent" are different alarms. up() is true also for a container that is
// stopped, gone, or says nothing; it is false when lines could be written and would not be seen: the engine is down,
// the stream ended although the container runs, or the log driver cannot be read.
//
// One thread a followed container. A container that is recreated has another id: make another ContainerLog.

#include <chrono>
#include <cstddef>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <string_view>

#include "base/clock.h"
#include "guard/source/docker/client.h"

namespace guard::source {

struct ContainerLogOptions {
  EngineOptions engine;
  std::string container_id;
  base::WallTime since;  // lines written before are not delivered
  // A line is cut after so much; the engine splits at 16 KiB, and the parts are joined up to this.
  std::size_t max_line_bytes = 64u << 10;
  std::chrono::milliseconds retry_first{250};  // after a broken stream; doubles, with jitter, up to
  std::chrono::milliseconds retry_most{10'000};
  // How often what was written lately is read again; also how long a stream may be silent before it is opened anew.
  // Costs the engine some milliseconds.
  std::chrono::milliseconds audit{30'000};
  std::chrono::milliseconds stopped_poll{2'000};  // how often a stopped container is looked at
};

// All members on one thread, such as the loop's. `on_line` runs on the follower's thread, and never after the
// destructor, which waits for that thread (up to 250 ms).
class ContainerLog {
 public:
  // `on_line`: the line without its end, and when the container wrote it by the engine's clock. Standard output and
  // standard error alike, in the engine's order but for those found late.
  ContainerLog(ContainerLogOptions options, std::function<void(std::string_view line, base::WallTime at)> on_line);
  ~ContainerLog();
  ContainerLog(const ContainerLog&) = delete;
  ContainerLog& operator=(const ContainerLog&) = delete;

  [[nodiscard]] bool up() const;
  [[nodiscard]] std::string why() const;  // when not up; else ""
  // The lines that arrive now were written some seconds ago: more have been written and were not read yet.
  [[nodiscard]] bool is_behind() const;
  // Time since the log was last read to its end: every line written before that has been delivered or was lost.
  // Following the stream does not prove that. Absent: never.
  [[nodiscard]] std::optional<base::Duration> since_read() const;
  // Time since unread lines were last found to be lost (the engine rotated them away). Absent: never.
  [[nodiscard]] std::optional<base::Duration> since_lost() const;
  // The container was started: look at once instead of at the next poll or retry.
  void wake();

 private:
  struct State;
  std::unique_ptr<State> state_;
};

}  // namespace guard::source
