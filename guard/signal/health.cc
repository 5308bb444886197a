#include "guard/signal/health.h"

#include <optional>

namespace guard::signal {

namespace {

// Why nothing is known, whatever was counted; "" when the counts are to be judged.
std::string why_unknown(const HealthExpectation& expectation, const sample::Probe* probe, sample::State state,
                        base::SteadyTime now) {
  if (state != sample::State::running) return "the workload is not running";
  if (probe == nullptr) return "not probed yet";
  if (!probe->able) return "cannot be probed: " + probe->why;
  if (!probe->last_answer) return "not probed yet";
  const auto age = now - *probe->last_answer;
  if (age > expectation.max_age) return "the last answer is " + base::format_duration(age) + " old";
  return {};
}

std::optional<bool> decide(const HealthExpectation& expectation, const sample::Probe& probe) {
  if (probe.failures_in_row >= expectation.failures) return false;
  if (probe.passes_in_row >= expectation.successes) return true;
  return std::nullopt;
}

}  // namespace

HealthSignal derive_health(const HealthExpectation& expectation, const sample::Probe* probe, sample::State state,
                           base::SteadyTime now, std::map<std::string, bool>& decided) {
  HealthSignal signal;
  signal.probe = expectation.name;
  if (probe != nullptr) {
    signal.failures_in_row = probe->failures_in_row;
    signal.why = probe->why;
  }
  if (auto why = why_unknown(expectation, probe, state, now); !why.empty()) {
    signal.healthy = Reading<bool>::absent(std::move(why));
    return signal;
  }
  if (const auto decision = decide(expectation, *probe)) decided[expectation.name] = *decision;
  const auto known = decided.find(expectation.name);
  if (known != decided.end())
    signal.healthy = known->second;
  else
    signal.healthy = Reading<bool>::absent("too few answers yet");
  return signal;
}

}  // namespace guard::signal
