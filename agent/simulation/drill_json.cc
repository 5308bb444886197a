// A drill as one JSON document; drilled.h says which.

#include <nlohmann/json.hpp>

#include "agent/simulation/drilled.h"
#include "agent/simulation/entry_json.h"

namespace agent::simulation {
namespace {

using nlohmann::ordered_json;

ordered_json or_null(const std::optional<double>& value) {
  return value ? ordered_json(*value) : ordered_json(nullptr);
}

}  // namespace

std::string incidents_as_json() {
  ordered_json incidents = ordered_json::array();
  for (const Incident& incident : simulation::incidents())
    incidents.push_back({{"name", incident.name}, {"summary", incident.summary}});
  return ordered_json{{"incidents", std::move(incidents)}}.dump(2);
}

std::string drill_as_json(const Drilled& drilled) {
  ordered_json document = {{"incident", drilled.incident.name},
                           {"workload", drilled.workload},
                           {"verdict", drilled.passed ? "PASS" : "FAIL"},
                           {"why", drilled.verdict},
                           {"first_word_seconds", or_null(drilled.first_word)},
                           {"first_act_seconds", or_null(drilled.first_act)},
                           {"killed_seconds", or_null(drilled.killed)},
                           {"receivers", drilled.receivers},
                           {"actions", actions_json(drilled.timeline)},
                           {"timeline", timeline_json(drilled.timeline, drilled.began_at)},
                           {"notes", drilled.notes}};
  return document.dump(2, ' ', false, ordered_json::error_handler_t::replace);
}

}  // namespace agent::simulation
