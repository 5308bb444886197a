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
#include "guard/source/docker/client.h"

namespace guard::source {

class EngineInventory {
 public:
  struct Question {
    bool inspect_all = false;                      // each wanted one, as at a reconcile
    std::set<std::string> changed;                 // ids to inspect whatever the list says
    std::function<bool(const Container&)> wanted;  // empty: all
    std::size_t max_inspected = 512;
    // What the configuration points at: asked for one by one when the list does not tell.
    std::vector<sample::Target> targets;
  };
  struct Answer {
    std::vector<Container> containers;  // in the engine's order
    base::WallTime asked_at;
    std::map<std::string, base::WallTime> inspected_at;  // id → when the answer came: the ones inspected now
    std::uint64_t failed_inspections = 0;                // those containers are as the list tells them
    std::uint64_t skipped = 0;                           // entries of the list that could not be read …
    std::string why_skipped;  // … and what was wrong with the first, or with the whole list
  };

  explicit EngineInventory(EngineOptions engine, std::stop_token stop = {});

  // Errors: as EngineClient::list; a list that is too large or corrupt is an error only when there are no targets, or
  // they cannot be asked for either. One container that cannot be inspected (its lock may be held inside the engine)
  // does not keep the others from being seen.
  base::Result<Answer> read(const Question& question);

 private:
  base::Result<ContainerList> list(const Question& question);
  base::Result<ContainerList> list_targets(const Question& question);
  base::Status find_unlisted(const Question& question, ContainerList& list);
  base::Result<void> inspect_into(Answer& answer, Container& listed, const LabelKeys& keys);

  EngineClient client_;
  std::map<std::string, Container> known_;  // last inspections, by id
  bool is_podman_ = false;
};

}  // namespace guard::source
