#include "guard/selection.h"

#include <string>

namespace guard {

// Labels hold "project" and "service" apart; the selector is "project/service".
bool selects(const sample::Target& target, const source::Container& container) {
  const auto label = [&](const std::string& key) {
    const auto found = container.labels.find(key);
    return found == container.labels.end() ? std::string() : found->second;
  };
  const std::string& selector = target.selector;
  if (target.kind == sample::TargetKind::compose_service) {
    return label("com.docker.compose.project") + "/" + label("com.docker.compose.service") == selector;
  }
  if (target.kind == sample::TargetKind::container_label) {
    const std::size_t equals = selector.find('=');
    const std::string key = selector.substr(0, equals);
    if (equals == std::string::npos) return container.labels.contains(key);
    return container.labels.contains(key) && label(key) == selector.substr(equals + 1);
  }
  return container.name == selector || container.id == selector ||
         (selector.size() >= 12 && container.id.starts_with(selector));
}

}  // namespace guard
