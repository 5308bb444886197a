// What conditions have in common: comparing, negating, whether one holds.

#include "guard/policy/rule.h"

namespace guard::policy {

bool is_beyond(double value, Comparison comparison, double threshold) {
  return comparison == Comparison::above ? value > threshold : value < threshold;
}

Comparison opposite(Comparison comparison) {
  return comparison == Comparison::above ? Comparison::below : Comparison::above;
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
