#pragma once
// All containers of an engine, read with as few questions as will do: one list, and an inspection for each wanted
// container that is new, changed state, was named by an event, or is due. Blocking; for one worker's thread.

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <map>
#include <set>
#include <stop_token>
#include <string>
#include <vector>

#include "base/clock.h"
#include "base/result.h"
#include "guard/source/engine_client.h"

namespace guard::source {

class EngineInventory {
 public:
  struct Question {
    bool inspect_all = false;                      // each wanted one, as at a reconcile
    std::set<std::string> changed;                 // ids to inspect whatever the list says
    std::function<bool(const Container&)> wanted;  // empty: all
    std::size_t max_inspected = 512;
  };
  struct Answer {
    std::vector<Container> containers;  // in the engine's order
    base::WallTime asked_at;
    std::map<std::string, base::WallTime> inspected_at;  // id → when the answer came: the ones inspected now
    std::uint64_t failed_inspections = 0;                // those containers are as the list tells them
  };

  explicit EngineInventory(EngineOptions engine, std::stop_token stop = {});

  // Errors: as EngineClient::list. One container that cannot be inspected (its lock may be held inside the engine) does
  // not keep the others from being seen.
  base::Result<Answer> read(const Question& question);

 private:
  base::Result<void> inspect_into(Answer& answer, Container& listed);

  EngineClient client_;
  std::map<std::string, Container> known_;  // last inspections, by id
};

}  // namespace guard::source
