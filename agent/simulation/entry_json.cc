#include "agent/simulation/entry_json.h"

namespace agent::simulation {

using nlohmann::ordered_json;

ordered_json timeline_json(const Timeline& timeline, double since) {
  ordered_json entries = ordered_json::array();
  for (const Entry& entry : timeline.entries()) {
    entries.push_back({{"at", entry.at - since},
                       {"kind", name_of(entry.kind)},
                       {"what", entry.what},
                       {"rule", entry.rule.empty() ? ordered_json(nullptr) : ordered_json(entry.rule)},
                       {"why", entry.why},
                       {"evidence", entry.evidence},
                       {"after_act", entry.after_act},
                       {"times", entry.times},
                       {"last", entry.last - since}});
  }
  return entries;
}

ordered_json actions_json(const Timeline& timeline) {
  ordered_json actions = ordered_json::object();
  for (const auto& [action, count] : timeline.actions()) actions[action] = count;
  return actions;
}

}  // namespace agent::simulation
