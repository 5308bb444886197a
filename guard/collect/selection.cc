#include "guard/collect/selection.h"

namespace guard {
namespace {

std::string label_of(const source::Container& container, const std::string& key) {
  const auto found = container.labels.find(key);
  return found == container.labels.end() ? std::string() : found->second;
}

bool is_one_off(const source::Container& container) {
  const std::string value = label_of(container, "com.docker.compose.oneoff");
  return value == "True" || value == "true";  // compose 1 and 2 write the first, Podman's compose the second
}

}  // namespace

std::string compose_service_of(const source::Container& container) {
  return label_of(container, "com.docker.compose.project") + "/" + label_of(container, "com.docker.compose.service");
}

bool selects(const sample::Target& target, const source::Container& container) {
  const std::string& selector = target.selector;
  if (target.kind == sample::TargetKind::compose_service)
    return compose_service_of(container) == selector && !is_one_off(container);
  if (target.kind == sample::TargetKind::container_label) {
    const std::size_t equals = selector.find('=');
    const std::string key = selector.substr(0, equals);
    if (!container.labels.contains(key) || is_one_off(container)) return false;
    return equals == std::string::npos || label_of(container, key) == selector.substr(equals + 1);
  }
  return container.name == selector || container.id == selector ||
         (selector.size() >= 12 && container.id.starts_with(selector));
}

}  // namespace guard
