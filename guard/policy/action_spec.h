#pragma once
// The actions that a rule can take on a workload, as data. guard/action carries them out.

#include <chrono>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

#include "base/units.h"
#include "guard/sample/caps.h"

namespace guard::policy {

// Notifies the receivers and does not touch the workload.
struct Notify {};

// POSTs {"target_ratio"} to the workload's own shed endpoint.
struct Shed {
  std::string url;
  base::Ratio target{0.7};  // of the workload's memory budget
  std::string token_file;   // bearer token; "" for none
};

// Writes memory.reclaim (cgroup v2).
struct Reclaim {
  base::Bytes amount;
};

// Sends the stop signal, waits up to `drain`, kills, then starts again.
struct Restart {
  std::chrono::nanoseconds drain = std::chrono::seconds(30);
};

// Like Restart, without the start.
struct Stop {
  std::chrono::nanoseconds drain = std::chrono::seconds(30);
};

// Sends a signal to the main process.
struct Signal {
  int number = 15;
};

// Sets the caps that drifted; other fields are absent.
struct ApplyCaps {
  sample::Caps caps;
};

using ActionSpec = std::variant<Notify, Shed, Reclaim, Restart, Stop, Signal, ApplyCaps>;

// "notify", "shed", "reclaim", "restart", "stop", "signal", "caps": the configuration's keys and the `action` label.
std::string_view name_of(const ActionSpec& action);

// How strongly an action affects the workload, for arbitration. Notifications and caps are `none`.
enum class Strength { none, shed, reclaim, signal, restart, stop };
Strength strength_of(const ActionSpec& action);
// Strength of the strongest action; `none` for an empty list.
Strength strongest(const std::vector<ActionSpec>& actions);

}  // namespace guard::policy
