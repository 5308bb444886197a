#pragma once
// What the engine itself says of one container's resources, for where its cgroup cannot be read. Asked for at most
// every kInterval, since each question costs the engine 5–10 ms of CPU; in between, the last answer is what is known.
// The answer carries the time of its reading (Resources::read_at), so that rates are computed between two answers.
//
// On the loop's thread, as the engine watch. An answer that comes after the container changed, or after this object is
// gone (a reload), is dropped.

#include <functional>
#include <memory>
#include <optional>
#include <string>

#include "base/clock.h"
#include "base/result.h"
#include "guard/sample/resources.h"

namespace guard {

class EngineStatistics {
 public:
  static constexpr base::Duration kInterval = std::chrono::seconds(10);
  // An answer older than this is not known any more: the engine has failed to answer twice.
  static constexpr base::Duration kMaxAge = 3 * kInterval;

  using Answer = std::function<void(base::Result<sample::Resources>)>;
  using Ask = std::function<void(const std::string& container_id, Answer)>;

  // Asks when a question is due; another container than before forgets what was known. `run` tells two runs of one
  // container apart (Identity::key with the pid).
  void ask_if_due(const std::string& container_id, const std::string& run, base::SteadyTime now, const Ask& ask);
  // The last answer, read_at set; else why there is none.
  [[nodiscard]] base::Result<sample::Resources> known(base::SteadyTime now) const;

 private:
  struct State {
    std::string run;
    std::optional<base::SteadyTime> asked_at;
    base::Result<sample::Resources> last = base::fail(base::Code::unavailable, "not asked yet");
  };
  // Shared with the question under way, which holds it weakly: its answer may come when this object is gone.
  std::shared_ptr<State> state_;
};

}  // namespace guard
