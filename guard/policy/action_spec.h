#pragma once
// What can be done to a workload, as data. Carrying it out is guard/action's business.

#include <chrono>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

#include "base/units.h"
#include "guard/sample/caps.h"

namespace guard::policy {

// Tell people, touch nothing.
struct Notify {};

// POST {"target_ratio"} to the workload's own shed route.
struct Shed {
  std::string url;
  base::Ratio target{0.7};  // of the workload's memory budget
  std::string token_file;   // bearer token; "" for none
};

// memory.reclaim (cgroup v2).
struct Reclaim {
  base::Bytes amount;
};

// Stop signal, wait as long as `drain`, then kill; start again.
struct Restart {
  std::chrono::nanoseconds drain = std::chrono::seconds(30);
};

// The same without the start.
struct Stop {
  std::chrono::nanoseconds drain = std::chrono::seconds(30);
};

// To the main process.
struct Signal {
  int number = 15;
};

// Only the fields that drifted.
struct ApplyCaps {
  sample::Caps caps;
};

using ActionSpec = std::variant<Notify, Shed, Reclaim, Restart, Stop, Signal, ApplyCaps>;

// "notify", "shed", "reclaim", "restart", "stop", "signal", "caps": the configuration's keys and the `action` label.
std::string_view name_of(const ActionSpec& action);

// How hard an action takes hold of the workload. Telling people and putting caps back take hold of nothing: `none`.
enum class Strength { none, shed, reclaim, signal, restart, stop };
Strength strength_of(const ActionSpec& action);
// Of the strongest of them; none for an empty list.
Strength strongest(const std::vector<ActionSpec>& actions);

}  // namespace guard::policy
