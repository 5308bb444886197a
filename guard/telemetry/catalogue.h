#pragma once
// The catalogue of all exported metrics: name, type and help. The exporter accepts only these; the golden scrape, the
// dashboards and the alert rules are tested against it.

#include <span>
#include <string_view>

namespace guard::telemetry {

enum class MetricType { counter, gauge, histogram };

struct MetricDefinition {
  std::string_view name;
  MetricType type;
  std::string_view help;
};

std::span<const MetricDefinition> catalogue();

// Index of the definition. REQUIRES: the catalogue contains `name` (aborts otherwise).
std::size_t index_of(std::string_view name);

}  // namespace guard::telemetry
