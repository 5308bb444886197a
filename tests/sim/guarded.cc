#include "tests/sim/guarded.h"

#include <algorithm>
#include <atomic>
#include <cmath>
#include <optional>
#include <thread>
#include <variant>

#include "tests/sim/guarded_world.h"

namespace sim {
namespace {

constexpr double kEnoughNotice = 600;  // seconds
constexpr double kWatched = 600;       // seconds from a start on before a forecast can be asked for: the default window

constexpr double kFast = 1200;  // seconds until the limit: of these a tenth of the days says as much
constexpr double kPartOfFast = 0.1;
constexpr double kLongestInterval = 60;  // seconds; that an agent may be given

double interval_of(double fills_after) { return std::clamp(std::round(fills_after / 240), 1.0, kLongestInterval); }

bool restarts(const std::vector<guard::policy::ActionSpec>& actions) {
  return std::ranges::any_of(actions,
                             [](const auto& action) { return std::holds_alternative<guard::policy::Restart>(action); });
}

// Seconds from when the rule's condition is true until it restarts; none when it never does.
std::optional<double> restarts_after(const guard::policy::Rule& rule) {
  double seconds = base::to_seconds(rule.held_for);
  if (restarts(rule.actions)) return seconds;
  for (const guard::policy::Step& step : rule.escalation) {
    if (restarts(step.actions)) return seconds;
    seconds += base::to_seconds(step.within.value_or(rule.cooldown));
  }
  return std::nullopt;
}

// Whether one of the policy's restarts could have come before this kill: it had the time to hold and to drain, from
// where memory passed its height, or from when a rate can be known at all, and it was not resting.
bool could_prevent(const Policy& policy, const WorkloadPlan& plan, const GuardedKill& kill) {
  return std::ranges::any_of(policy.rules, [&](const guard::policy::Rule& rule) {
    const auto after = restarts_after(rule);
    if (!after || kill.since_restart < base::to_seconds(rule.cooldown)) return false;
    const double takes = *after + plan.drains_for + 2 * plan.interval;
    if (rule.metric == guard::policy::Metric::time_to_limit) return kill.run_length >= kWatched + takes;
    return kill.since_below(rule.trip.value) >= takes;
  });
}

std::uint64_t kills_when_left_alone(const WorkloadPlan& plan, double seconds) {
  SimulatedWorkload workload(plan);
  for (double now = plan.interval; now < seconds; now += plan.interval) workload.advance(now);
  return workload.kills();
}

GuardedLeak guard_leak(const Policy& policy, double fills_after, LeakPattern pattern, double days, std::uint64_t seed) {
  const double seconds = days * kDay * (fills_after <= kFast ? kPartOfFast : 1);
  WorkloadPlan plan;
  plan.fills_after = fills_after;
  plan.pattern = pattern;
  plan.interval = interval_of(fills_after);
  plan.file = 20 * kMebibyte;
  plan.seed = seed;
  GuardedLeak leak;
  leak.policy = policy.name;
  leak.fills_after = fills_after;
  leak.pattern = pattern;
  leak.fewest = kills_when_left_alone(plan, seconds);
  World guarded(plan, policy.rules);
  guarded.run(seconds);
  leak.kills = guarded.workload().kills();
  leak.missed = static_cast<std::uint64_t>(std::ranges::count_if(
      guarded.kills(), [&](const GuardedKill& kill) { return could_prevent(policy, plan, kill); }));
  leak.restarts = guarded.workload().restarts();
  leak.sheds = guarded.sheds();
  leak.down = guarded.workload().down();
  leak.seconds = seconds;
  std::uint64_t early = 0;
  leak.least_notice = guarded.restarts().empty() ? 0 : 1e9;
  for (const GuardedRestart& restart : guarded.restarts()) {
    early += restart.notice.value_or(0) >= kEnoughNotice ? 1 : 0;
    leak.least_notice = std::min(leak.least_notice, restart.notice.value_or(0));
  }
  if (!guarded.restarts().empty())
    leak.early = static_cast<double>(early) / static_cast<double>(guarded.restarts().size());
  return leak;
}

}  // namespace

const std::vector<double>& all_rates() {
  static const std::vector<double> rates = {60,         300,  1200,     kHour,    4 * kHour,
                                            12 * kHour, kDay, 3 * kDay, 7 * kDay, 21 * kDay};
  return rates;
}

void in_parallel(std::size_t count, const std::function<void(std::size_t)>& work) {
  std::atomic<std::size_t> next{0};
  const auto loop = [&] {
    for (std::size_t place = next++; place < count; place = next++) work(place);
  };
  std::thread other(loop);
  loop();
  other.join();
}

std::vector<GuardedLeak> guard_leaks(const std::vector<Policy>& policies, double days, std::uint64_t seed) {
  std::vector<GuardedLeak> leaks(policies.size() * all_rates().size() * kLeakPatterns);
  in_parallel(leaks.size(), [&](std::size_t place) {
    const auto pattern = static_cast<LeakPattern>(place % kLeakPatterns);
    const double rate = all_rates()[place / kLeakPatterns % all_rates().size()];
    const Policy& policy = policies[place / kLeakPatterns / all_rates().size()];
    leaks[place] = guard_leak(policy, rate, pattern, days, seed + place % kLeakPatterns);
  });
  return leaks;
}

}  // namespace sim
