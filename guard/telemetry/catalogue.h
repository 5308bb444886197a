#pragma once
// Every metric that leakguard exports: name, type and help, once. The exporter can only emit what stands here,
// and the golden scrape, the dashboards and the alert rules are tested against it.

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

// The definition's index in the catalogue. A name that is not in it is a bug and ends the process.
std::size_t index_of(std::string_view name);

}  // namespace guard::telemetry
