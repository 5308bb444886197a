#pragma once
// What can be done to a workload, as data. Carrying it out is guard/action's business.

#include <chrono>
#include <string>
#include <string_view>
#include <variant>

#include "base/units.h"
#include "guard/sample/caps.h"

namespace guard::policy {

struct Notify {};  // tell people, touch nothing
struct Shed {      // POST {"target_ratio"} to the workload's own shed route
  std::string url;
  base::Ratio target{0.7};
  std::string token_file;  // bearer token; "" for none
};
struct Reclaim {
  base::Bytes amount;
};  // memory.reclaim (v2)
struct Restart {
  std::chrono::nanoseconds drain = std::chrono::seconds(30);
};  // stop signal, wait so long, then kill; start again
struct Stop {
  std::chrono::nanoseconds drain = std::chrono::seconds(30);
};
struct Signal {
  int number = 15;
};
struct ApplyCaps {
  sample::Caps caps;
};  // only the fields that drifted

using ActionSpec = std::variant<Notify, Shed, Reclaim, Restart, Stop, Signal, ApplyCaps>;

// "notify", "shed", "reclaim", "restart", "stop", "signal", "caps": the configuration's keys and the `action` label.
std::string_view name_of(const ActionSpec& action);

}  // namespace guard::policy
