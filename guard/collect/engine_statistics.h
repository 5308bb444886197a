#pragma once
// Resource readings of a container by the engine's statistics, where its cgroup cannot be read. Requested at most every
// kInterval, since each request costs the engine 5–10 ms of CPU; the last answer is used in between. It carries the
// time of its reading (Resources::read_at), so that rates are computed between two answers.
//
// Runs on the loop thread, like the engine watch. An answer that arrives after the container changed, or after this
// object is gone (a reload), is dropped.

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
  // An older answer is not used: the engine has failed to answer twice.
  static constexpr base::Duration kMaxAge = 3 * kInterval;

  using Answer = std::function<void(base::Result<sample::Resources>)>;
  using Ask = std::function<void(const std::string& container_id, Answer)>;

  // Sends a request when it is due. Another container than before drops the last answer. `run` distinguishes two runs
  // of one container (Identity::key with the pid).
  void ask_if_due(const std::string& container_id, const std::string& run, base::SteadyTime now, const Ask& ask);
  // The last answer with read_at, or why there is none.
  [[nodiscard]] base::Result<sample::Resources> known(base::SteadyTime now) const;

 private:
  struct State {
    std::string run;
    std::optional<base::SteadyTime> asked_at;
    base::Result<sample::Resources> last = base::fail(base::Code::unavailable, "not asked yet");
  };
  // The pending request has a weak reference: its answer may arrive after this object is gone.
  std::shared_ptr<State> state_;
};

}  // namespace guard
