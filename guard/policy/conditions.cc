// What conditions have in common: comparing, negating, whether one holds.

#include "guard/policy/describe.h"
#include "guard/policy/rule.h"

namespace guard::policy {

bool is_beyond(double value, Comparison comparison, double threshold) {
  return comparison == Comparison::above ? value > threshold : value < threshold;
}

Comparison opposite(Comparison comparison) {
  return comparison == Comparison::above ? Comparison::below : Comparison::above;
}

std::optional<base::Cores> needed_cores(const Condition& condition, const sample::Caps& caps) {
  if (condition.metric != Metric::cpu || condition.comparison != Comparison::above) return std::nullopt;
  if (!condition.trip.is_ratio) return base::Cores{condition.trip.value};
  if (!caps.cpus) return std::nullopt;
  return base::Cores{condition.trip.value * caps.cpus->count};
}

std::string why_it_cannot_fire(int host_cores, const Condition& condition, const sample::Caps& caps) {
  const auto needed = needed_cores(condition, caps);
  if (!needed || needed->count < host_cores) return "";
  return "it needs more than " + describe_value(Metric::cpu, false, needed->count) + " and the host has " +
         std::to_string(host_cores);
}

sample::Reading<bool> is_true(const Condition& condition, const signal::WorkloadSignals& signals) {
  const auto value = value_of(signals, condition.metric, condition.subject, condition.trip.is_ratio);
  if (!value) return sample::Reading<bool>::absent(value.reason());
  return is_beyond(*value, condition.comparison, condition.trip.value);
}

Condition negated(const Condition& condition) {
  Condition inverse = condition;
  inverse.comparison = opposite(condition.comparison);
  return inverse;
}

}  // namespace guard::policy
