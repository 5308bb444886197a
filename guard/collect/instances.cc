#include "guard/collect/instances.h"

#include <algorithm>
#include <unordered_map>

#include "guard/collect/selection.h"

namespace guard {
namespace {

using source::Container;
using source::ContainerState;

constexpr std::size_t kLongestNumber = 6;
constexpr std::size_t kShortIdLength = 12;

bool is_live(const Container& container) {
  return container.state == ContainerState::running || container.state == ContainerState::paused ||
         container.state == ContainerState::restarting;
}

// The number that compose gave this replica; "" when there is none. Labels are anybody's text.
std::string number_of(const Container& container) {
  const auto label = container.labels.find("com.docker.compose.container-number");
  if (label == container.labels.end()) return {};
  const std::string& number = label->second;
  const bool is_number = !number.empty() && number.size() <= kLongestNumber &&
                         std::ranges::all_of(number, [](char c) { return c >= '0' && c <= '9'; });
  return is_number ? number : "";
}

// Numbers by their value, before names.
bool comes_before(const std::string& left, const std::string& right) {
  const auto is_number = [](const std::string& key) {
    return std::ranges::all_of(key, [](char c) { return c >= '0' && c <= '9'; });
  };
  if (is_number(left) != is_number(right)) return is_number(left);
  if (is_number(left) && left.size() != right.size()) return left.size() < right.size();
  return left < right;
}

// The containers that a target may mean, without asking each target about each container: a host may have a thousand
// of both.
class Index {
 public:
  explicit Index(const std::vector<Container>& containers) : containers_(containers) {
    for (std::size_t i = 0; i < containers.size(); ++i) {
      by_text_[containers[i].name].push_back(i);
      if (const std::string service = compose_service_of(containers[i]); service != "/")
        by_text_[service].push_back(i);  // a container's name has no '/'
    }
  }
  [[nodiscard]] std::vector<std::size_t> find(const sample::Target& target) const {
    std::vector<std::size_t> found;
    if (target.kind != sample::TargetKind::container_label) {
      if (const auto known = by_text_.find(target.selector); known != by_text_.end()) {
        for (const std::size_t i : known->second) {
          if (selects(target, containers_[i])) found.push_back(i);
        }
      }
      if (!found.empty() || target.kind == sample::TargetKind::compose_service) return found;
    }
    for (std::size_t i = 0; i < containers_.size(); ++i) {
      if (selects(target, containers_[i])) found.push_back(i);
    }
    return found;
  }

 private:
  const std::vector<Container>& containers_;
  std::unordered_map<std::string, std::vector<std::size_t>> by_text_;
};

}  // namespace

bool is_container(sample::TargetKind kind) {
  return kind == sample::TargetKind::container || kind == sample::TargetKind::compose_service ||
         kind == sample::TargetKind::container_label;
}

Instances::Instances(const std::vector<config::WorkloadConfig>& workloads) {
  for (const config::WorkloadConfig& workload : workloads) {
    configured_.push_back({workload.name, workload.target, false, {}, {}});
    taken_.insert(workload.name);
  }
}

std::vector<Instance> Instances::assign(const std::vector<Container>& containers) {
  left_out_ = 0;
  const Index index(containers);
  std::vector<Instance> instances;
  for (std::size_t i = 0; i < configured_.size(); ++i) {
    Configured& configured = configured_[i];
    if (!is_container(configured.target.kind)) {
      instances.push_back({configured.name, i, std::nullopt, "", "", ""});
      continue;
    }
    append(configured, i, containers, fill(configured, containers, index.find(configured.target)), instances);
  }
  return instances;
}

Instances::Slots Instances::fill(const Configured& configured, const std::vector<Container>& containers,
                                 const Candidates& candidates) {
  Slots slots;
  Candidates newcomers;
  for (const std::size_t i : candidates) {
    const auto held = configured.keys.find(containers[i].id);
    if (held == configured.keys.end())
      newcomers.push_back(i);
    else
      slots[held->second] = i;
  }
  // The engine lists the newest first. Of two that run under one number the older is the service's.
  std::ranges::reverse(newcomers);
  // Not the one in std::ranges: Clang 14 cannot compile libstdc++ 12's.
  std::stable_partition(newcomers.begin(), newcomers.end(), [&](std::size_t i) { return is_live(containers[i]); });
  for (const std::size_t i : newcomers) {
    const Container& container = containers[i];
    const std::string number = number_of(container);
    const std::string key = number.empty() ? container.name : number;
    const auto slot = slots.find(key);
    if (is_live(container)) {
      if (slot == slots.end() || !is_live(containers[slot->second]))
        slots[key] = i;
      else
        slots[slots.contains(container.name) ? container.id : container.name] = i;
    } else if (slot == slots.end() && !number.empty()) {
      slots[key] = i;  // a replica that is down
    }
  }
  if (slots.empty() && !candidates.empty()) slots[containers[candidates.front()].name] = candidates.front();
  // A name or an id means one container: the one that runs, else the newest.
  if (configured.target.kind == sample::TargetKind::container && slots.size() > 1) {
    const auto chosen = std::ranges::find_if(candidates, [&](std::size_t i) { return is_live(containers[i]); });
    const std::size_t one = chosen == candidates.end() ? candidates.front() : *chosen;
    slots = {{containers[one].name, one}};
  }
  return slots;
}

void Instances::append(Configured& configured, std::size_t index, const std::vector<Container>& containers,
                       const Slots& slots, std::vector<Instance>& instances) {
  const auto before = std::exchange(configured.names, {});
  configured.keys.clear();
  configured.is_numbered = configured.is_numbered || slots.size() > 1;
  if (slots.empty()) {
    instances.push_back({configured.name, index, std::nullopt, "", "", ""});
    return;
  }
  std::vector<std::string> keys;
  for (const auto& [key, container] : slots) keys.push_back(key);
  std::ranges::sort(keys, comes_before);
  for (const std::string& key : keys) {
    if (instances.size() + (configured_.size() - index - 1) >= config::kMostWorkloads && key != keys.front()) {
      ++left_out_;
      continue;
    }
    const std::size_t i = slots.at(key);
    const std::string& id = containers[i].id;
    std::string name = configured.is_numbered ? configured.name + "-" + key : configured.name;
    if (name != configured.name && taken_.contains(name)) name += "-" + id.substr(0, kShortIdLength);
    const auto had = before.find(id);
    const bool is_strange = configured.target.kind == sample::TargetKind::compose_service && slots.size() > 1 &&
                            key != number_of(containers[i]);
    instances.push_back({name, index, i, id, had == before.end() || had->second == name ? "" : had->second,
                         is_strange ? "it has the labels of a compose service but no replica number of its own; remove "
                                      "the labels, or start it "
                                      "with compose"
                                    : ""});
    configured.keys[id] = key;
    configured.names[id] = std::move(name);
  }
}

void Instances::inherit(const Instances& previous) {
  for (Configured& configured : configured_) {
    const auto same = std::ranges::find_if(previous.configured_, [&](const Configured& other) {
      return other.name == configured.name && other.target == configured.target;
    });
    if (same != previous.configured_.end()) configured = *same;
  }
}

}  // namespace guard
