#pragma once
// From a decision to its outcome: recheck → act → record. Here stands everything that may still keep a decision from
// being carried out: a stronger course of action, an open breaker, a maintenance window, a dependency that is down, a
// spent budget, a second look that no longer finds the condition, a dry run. Each leaves a record.

#include <cstdint>
#include <deque>
#include <functional>
#include <optional>
#include <string>
#include <vector>

#include "guard/action_log.h"
#include "guard/collector.h"
#include "guard/hands.h"
#include "guard/watched.h"

namespace guard {

// All must outlive the enforcer.
struct EnforcerParts {
  Collector& collector;
  Hands& hands;
  const base::Clock& clock;
  ActionLog& log;
  telemetry::Report& report;
  bool dry_run = false;
};

class Enforcer {
 public:
  // Actions that may take long (a drain, a slow engine) and are under way at once. One more waits for its turn, and its
  // target is read again when that comes: what was true when it was decided may be over by then.
  static constexpr int kMostAtOnce = 8;
  // The same for caps, which are decided again at every tick instead of waiting.
  static constexpr int kMostCapsAtOnce = 4;

  struct Listeners {
    std::function<Watched*(const std::string& workload)> find;  // null when it is not configured any more
    // A decision's way has ended, whatever came of it: not told of one that only waits.
    std::function<void(const policy::Decision& decision, telemetry::Outcome outcome)> on_end;
  };

  Enforcer(EnforcerParts parts, Listeners listeners) : parts_(parts), listeners_(std::move(listeners)) {}

  // What was decided for one workload in one tick.
  void enforce(Watched& watched, std::vector<policy::Decision> decisions);

 private:
  struct Hindered {
    policy::Hindrance by;
    std::string why;
  };
  // What the second look, right before an action, found.
  struct Recheck {
    bool holds = false;
    sample::Workload workload;
  };

  // One decision on its way, and the workload as the second look saw it.
  struct Act {
    std::uint64_t number = 0;
    base::SteadyTime began;
    policy::Decision decision;
    sample::Workload target;
  };
  // A decision whose workload is claimed already and that waits for its turn.
  struct Turn {
    std::string workload;
    policy::Decision decision;
  };

  void hinder(Watched& watched, const std::vector<policy::Decision>& firing, const Hindered& hindered);
  void carry_out(Watched& watched, policy::Decision decision);
  void begin(Watched& watched, policy::Decision decision);
  void begin_caps(Watched& watched, policy::Decision decision);
  void on_done(const Act& act, const base::Result<std::string>& result);
  void on_caps_done(const Act& act, const base::Result<std::string>& result);
  void start_waiting(Watched& watched);
  void give_turns();
  void drop(Watched& watched, policy::Decision decision, telemetry::Outcome outcome, const std::string& why);
  void end(Watched& watched, const Act& act, telemetry::Outcome outcome, std::string result);
  [[nodiscard]] std::optional<Hindered> find_hindrance(const Watched& watched, const policy::Decision& decision,
                                                       policy::Strength strength) const;
  [[nodiscard]] Recheck look_again(const Watched& watched, const policy::Decision& decision);

  EnforcerParts parts_;
  Listeners listeners_;
  int under_way_ = 0;       // of kMostAtOnce
  int caps_under_way_ = 0;  // of kMostCapsAtOnce
  std::deque<Turn> turns_;  // bounded by the workloads: each has at most one
};

}  // namespace guard
