#include "agent/simulation/replay_json.h"

#include <nlohmann/json.hpp>

#include "agent/simulation/entry_json.h"

namespace agent::simulation {
namespace {

using nlohmann::ordered_json;

template <class Value>
ordered_json or_null(const std::optional<Value>& value) {
  return value ? ordered_json(*value) : ordered_json(nullptr);
}

}  // namespace

std::string replay_as_json(const ReplayedSeries& replayed) {
  ordered_json document = {{"workloads", ordered_json::array()}, {"notes", replayed.notes}};
  for (const Replayed& one : replayed.workloads) {
    const recording::Verdict verdict = one.analysis.verdict();
    document["workloads"].push_back({{"name", one.workload},
                                     {"series", one.series},
                                     {"samples", verdict.samples},
                                     {"first", one.first},
                                     {"last", one.last},
                                     {"interval_seconds", one.interval_seconds},
                                     {"limit_bytes", or_null(verdict.limit_bytes)},
                                     {"verdict", std::string(guard::signal::name_of(verdict.state))},
                                     {"first_leaking_at", or_null(verdict.first_leaking_at)},
                                     {"actions", actions_json(one.timeline)},
                                     {"timeline", timeline_json(one.timeline)},
                                     {"entries_left_out", one.timeline.left_out()},
                                     {"notes", one.notes}});
  }
  return document.dump(2, ' ', false, ordered_json::error_handler_t::replace);
}

}  // namespace agent::simulation
