#pragma once
// A timeline in JSON. Only for this folder.

#include <nlohmann/json.hpp>

#include "agent/simulation/timeline.h"

namespace agent::simulation {

// Times count from `since`.
// [{"at","kind","what","rule","why","evidence":{…},"after_act","times","last"}]
nlohmann::ordered_json timeline_json(const Timeline& timeline, double since = 0);
// {"restart":2,…}
nlohmann::ordered_json actions_json(const Timeline& timeline);

}  // namespace agent::simulation
