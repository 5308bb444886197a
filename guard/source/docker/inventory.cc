#include "guard/source/docker/inventory.h"

#include <algorithm>
#include <utility>

namespace guard::source {
namespace {

using sample::TargetKind;

// As the engine's label filter takes them. "project/service" is compose's; a service's name has no slash.
std::vector<std::string> labels_of(const sample::Target& target) {
  if (target.kind == TargetKind::container_label) return {target.selector};
  const std::size_t slash = target.selector.find('/');
  if (target.kind != TargetKind::compose_service || slash == std::string::npos) return {};
  return {"com.docker.compose.project=" + target.selector.substr(0, slash),
          "com.docker.compose.service=" + target.selector.substr(slash + 1)};
}

bool is_listed(const std::vector<Container>& containers, const std::string& name_or_id) {
  return std::ranges::any_of(containers, [&](const Container& container) {
    return container.name == name_or_id || (name_or_id.size() >= 12 && container.id.starts_with(name_or_id));
  });
}

}  // namespace

EngineInventory::EngineInventory(EngineOptions engine, std::stop_token stop)
    : client_(std::move(engine), std::move(stop)) {}

base::Result<EngineInventory::Answer> EngineInventory::read(const Question& question) {
  Answer answer;
  answer.asked_at = std::chrono::system_clock::now();
  auto listed = list(question);
  if (!listed) return base::fail(listed.error());
  answer.skipped = listed->skipped;
  answer.why_skipped = listed->why;
  const LabelKeys keys = label_keys_of(question.targets);
  if (question.inspect_all) is_podman_ = client_.is_podman().value_or(is_podman_);
  std::map<std::string, Container> still_known;
  std::size_t wanted = 0;
  for (Container& container : listed->containers) {
    const bool is_wanted = (!question.wanted || question.wanted(container)) && wanted++ < question.max_inspected;
    if (is_wanted) {
      const auto known = known_.find(container.id);
      const bool is_due = question.inspect_all || question.changed.contains(container.id) || known == known_.end() ||
                          known->second.state != container.state || known->second.name != container.name;
      if (!is_due) {
        container = known->second;
      } else if (const auto inspected = inspect_into(answer, container, keys); !inspected) {
        if (inspected.error().code == base::Code::not_found) continue;  // removed since the list was made
        if (inspected.error().code == base::Code::cancelled) return base::fail(inspected.error());
        ++answer.failed_inspections;
      }
      if (container.inspected) still_known.emplace(container.id, container);
    }
    if (container.name.empty()) {  // one that is being removed; it was given its chance to be inspected
      if (answer.skipped++ == 0) answer.why_skipped = "container " + container.id.substr(0, 12) + " has no name";
      continue;
    }
    answer.containers.push_back(std::move(container));
  }
  known_ = std::move(still_known);
  return answer;
}

base::Result<ContainerList> EngineInventory::list(const Question& question) {
  auto listed = client_.list(label_keys_of(question.targets), question.wanted);
  if (listed) {
    if (listed->skipped == 0) return listed;
    if (const auto found = find_unlisted(question, *listed); !found) return base::fail(found.error());
    return listed;
  }
  const bool is_unreadable = listed.error().code == base::Code::too_large || listed.error().code == base::Code::corrupt;
  if (!is_unreadable || question.targets.empty()) return listed;
  auto targets = list_targets(question);
  if (!targets) return targets;
  ++targets->skipped;
  targets->why = listed.error().message;
  return targets;
}

// By name one at a time, by label through the engine's own filter.
base::Result<ContainerList> EngineInventory::list_targets(const Question& question) {
  ContainerList found;
  const LabelKeys keys = label_keys_of(question.targets);
  for (const sample::Target& target : question.targets) {
    const std::vector<std::string> labels = labels_of(target);
    if (labels.empty()) continue;
    auto listed = client_.list_labelled(labels, keys);
    if (!listed) return listed;
    for (Container& container : listed->containers) {
      const bool is_new = std::ranges::find(found.containers, container.id, &Container::id) == found.containers.end();
      if (is_new) found.containers.push_back(std::move(container));
    }
    found.skipped += listed->skipped;
  }
  if (const auto named = find_unlisted(question, found); !named) return base::fail(named.error());
  return found;
}

// The entry of a container that is meant by its name may be the one that could not be read.
base::Status EngineInventory::find_unlisted(const Question& question, ContainerList& list) {
  for (const sample::Target& target : question.targets) {
    if (target.kind != TargetKind::container || is_listed(list.containers, target.selector)) continue;
    auto inspected = client_.inspect(target.selector);
    if (inspected) {
      inspected->inspected = false;  // read() inspects it when that is due
      list.containers.push_back(std::move(*inspected));
    } else if (inspected.error().code != base::Code::not_found) {
      return base::fail(inspected.error());  // not to be seen is not to be absent
    }
  }
  return {};
}

base::Result<void> EngineInventory::inspect_into(Answer& answer, Container& listed, const LabelKeys& keys) {
  auto inspected = client_.inspect(listed.id, keys);
  if (!inspected) return base::fail(inspected.error());
  // Podman goes on telling the limits that the container was created with: they say nothing of those in force.
  if (is_podman_) inspected->caps = {};
  answer.inspected_at.emplace(inspected->id, std::chrono::system_clock::now());
  listed = std::move(*inspected);
  return {};
}

}  // namespace guard::source
