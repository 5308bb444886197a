#include "guard/policy/caps.h"

#include <cmath>
#include <limits>
#include <optional>

#include "guard/policy/describe.h"

namespace guard::policy {

namespace {

using sample::Reading;

// The kernel rounds sizes to pages, and the engine turns cores into a quota in whole microseconds a period.
constexpr double kPageBytes = 4096;
constexpr double kCoresTolerance = 0.005;

// The same cap as two places report it.
struct Observed {
  std::optional<double> kernel;
  std::optional<double> engine;
};

template <class Field>
Observed observe(const sample::ObservedCaps& caps, Field field) {
  return {field(caps.kernel), caps.engine ? field(*caps.engine) : std::nullopt};
}

std::optional<double> amount(const std::optional<base::Bytes>& bytes) {
  if (!bytes) return std::nullopt;
  return bytes->is_unlimited() ? std::numeric_limits<double>::infinity() : static_cast<double>(bytes->count);
}
std::optional<double> amount(const std::optional<base::Cores>& cores) {
  return cores ? std::optional(cores->count) : std::nullopt;
}
std::optional<double> amount(const std::optional<std::int64_t>& count) {
  if (!count) return std::nullopt;
  const bool none = *count == std::numeric_limits<std::int64_t>::max();
  return none ? std::numeric_limits<double>::infinity() : static_cast<double>(*count);
}

// `tolerance`: the first difference that counts.
CapDrift compare(std::string resource, double desired, const Observed& observed, double tolerance) {
  const auto differs = [&](const std::optional<double>& value) {
    return value && *value != desired && !(std::fabs(*value - desired) < tolerance);
  };
  CapDrift drift{std::move(resource), desired, Reading<double>::absent("neither the kernel nor the engine says"),
                 false};
  drift.drifted = differs(observed.kernel) || differs(observed.engine);
  const auto& shown = differs(observed.kernel) || !observed.engine || (!drift.drifted && observed.kernel)
                          ? observed.kernel
                          : observed.engine;
  if (shown) drift.observed = *shown;
  return drift;
}

std::string describe_cap(const std::string& resource, double value) {
  if (resource == "memory_reservation" && (value <= 0 || !std::isfinite(value))) return "not set";
  const bool is_size = resource != "cpus" && resource != "pids";
  return is_size ? describe_value(Metric::memory, false, value) : describe_number(value);
}

bool is_memory_high(const CapDrift& drift) { return drift.resource == "memory_high"; }

// `desired` without what has not drifted, or what is decided apart.
sample::Caps only_drifted(sample::Caps desired, const std::vector<CapDrift>& drifts, bool memory_high) {
  for (const auto& drift : drifts) {
    if (drift.drifted && is_memory_high(drift) == memory_high) continue;
    if (drift.resource == "memory") desired.memory.reset();
    if (drift.resource == "memory_reservation") desired.memory_reservation.reset();
    if (drift.resource == "memory_high") desired.memory_high.reset();
    if (drift.resource == "cpus") desired.cpus.reset();
    if (drift.resource == "pids") desired.pids.reset();
  }
  return desired;
}

}  // namespace

std::vector<CapDrift> find_drift(const sample::Caps& desired, const sample::ObservedCaps& observed) {
  std::vector<CapDrift> drifts;
  const auto check = [&](const char* resource, auto field, double tolerance) {
    if (const auto wanted = field(desired))
      drifts.push_back(compare(resource, *wanted, observe(observed, field), tolerance));
  };
  using sample::Caps;
  check(
      "memory", [](const Caps& caps) { return amount(caps.memory); }, kPageBytes);
  check(
      "memory_reservation", [](const Caps& caps) { return amount(caps.memory_reservation); }, kPageBytes);
  if (observed.has_memory_high) {
    check(
        "memory_high", [](const Caps& caps) { return amount(caps.memory_high); }, kPageBytes);
  } else if (const auto wanted = amount(desired.memory_high)) {
    drifts.push_back({"memory_high", *wanted,
                      Reading<double>::absent("the cgroup has no memory.high (v1), or cannot be seen"), false});
  }
  check(
      "cpus", [](const Caps& caps) { return amount(caps.cpus); }, kCoresTolerance);
  check(
      "pids", [](const Caps& caps) { return amount(caps.pids); }, 0.5);
  return drifts;
}

std::vector<Decision> reconcile(const sample::Caps& desired, const sample::Workload& workload, base::SteadyTime now) {
  const bool has_processes =
      workload.lifecycle.state == sample::State::running || workload.lifecycle.state == sample::State::paused;
  if (!has_processes || workload.identity.key.empty()) return {};
  const auto drifts = find_drift(desired, workload.caps);
  std::vector<Decision> decisions;
  for (const bool memory_high : {false, true}) {
    Decision decision;
    for (const auto& drift : drifts) {
      if (!drift.drifted || is_memory_high(drift) != memory_high) continue;
      const auto is = drift.observed ? describe_cap(drift.resource, *drift.observed) : "unknown";
      const auto wanted = describe_cap(drift.resource, drift.desired);
      decision.reason += (decision.reason.empty() ? "" : "; ") + drift.resource + " is " + is + " instead of " + wanted;
      decision.evidence[drift.resource] = is;
    }
    if (decision.reason.empty()) continue;
    decision.workload = workload.name;
    decision.identity = workload.identity;
    decision.rule = "caps";
    decision.action = ApplyCaps{only_drifted(desired, drifts, memory_high)};
    decision.breached_at = now;
    decision.has_condition = false;
    decisions.push_back(std::move(decision));
  }
  return decisions;
}

}  // namespace guard::policy
