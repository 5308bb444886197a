#include "guard/source/engine_inventory.h"

#include <utility>

namespace guard::source {

EngineInventory::EngineInventory(EngineOptions engine, std::stop_token stop)
    : client_(std::move(engine), std::move(stop)) {}

base::Result<EngineInventory::Answer> EngineInventory::read(const Question& question) {
  Answer answer;
  answer.asked_at = std::chrono::system_clock::now();
  auto listed = client_.list();
  if (!listed) return base::fail(listed.error());
  std::map<std::string, Container> still_known;
  std::size_t wanted = 0;
  for (Container& container : *listed) {
    const bool is_wanted = (!question.wanted || question.wanted(container)) && wanted++ < question.max_inspected;
    if (is_wanted) {
      const auto known = known_.find(container.id);
      const bool is_due = question.inspect_all || question.changed.contains(container.id) || known == known_.end() ||
                          known->second.state != container.state || known->second.name != container.name;
      if (!is_due) {
        container = known->second;
      } else if (const auto inspected = inspect_into(answer, container); !inspected) {
        if (inspected.error().code == base::Code::not_found) continue;  // removed since the list was made
        if (inspected.error().code == base::Code::cancelled) return base::fail(inspected.error());
        ++answer.failed_inspections;
      }
      if (container.inspected) still_known.emplace(container.id, container);
    }
    answer.containers.push_back(std::move(container));
  }
  known_ = std::move(still_known);
  return answer;
}

base::Result<void> EngineInventory::inspect_into(Answer& answer, Container& listed) {
  auto inspected = client_.inspect(listed.id);
  if (!inspected) return base::fail(inspected.error());
  answer.inspected_at.emplace(inspected->id, std::chrono::system_clock::now());
  listed = std::move(*inspected);
  return {};
}

}  // namespace guard::source
