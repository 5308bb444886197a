#pragma once
// What one health probe has found and when it is due: pure, time comes in as an argument. Answers count for one run of
// the workload; another run begins with none.

#include <cstdint>
#include <optional>
#include <string>

#include "base/clock.h"
#include "base/units.h"
#include "guard/sample/snapshot.h"
#include "guard/source/probe/attempt.h"

namespace guard::source {

class ProbeRun {
 public:
  // `jitter`: after a start, how long the first question waits, so that not all are asked at once.
  struct Timing {
    base::Duration every;
    base::Duration start_period;
    base::Duration jitter;
  };
  ProbeRun(std::string workload, std::string name, Timing timing);

  // The workload as it is seen at `now`; call at each tick. True when what was known, and a question under way, belong
  // to another run or to none. A state that is unknown changes nothing.
  bool observe(const sample::Workload& workload, base::SteadyTime now, base::WallTime wall);
  // When to ask next; nothing while the workload does not run or a question is under way.
  [[nodiscard]] std::optional<base::SteadyTime> due() const { return due_; }
  void begin(base::SteadyTime now);
  void end(const ProbeAnswer& answer, base::SteadyTime now);

  [[nodiscard]] const sample::Probe& seen() const { return seen_; }
  [[nodiscard]] std::uint64_t times_unable() const { return times_unable_; }
  // Takes over what the same probe knew before a reload. A question that was under way then is given up.
  void inherit(const ProbeRun& before);

 private:
  void forget();
  void fail(const std::string& why, base::SteadyTime now);

  const Timing timing_;
  sample::Probe seen_;
  std::uint64_t times_unable_ = 0;
  bool is_running_ = false;
  std::string identity_;
  std::uint64_t starts_ = 0;
  base::SteadyTime started_{};  // the run that is probed
  base::SteadyTime began_{};    // the last question
  std::optional<base::SteadyTime> due_;
};

}  // namespace guard::source
