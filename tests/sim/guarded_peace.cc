// The harmless kinds under a policy: each generated series is played to a guard of its own.

#include <cmath>
#include <variant>

#include "base/log.h"
#include "guard/guard.h"
#include "tests/sim/guarded.h"

namespace sim {
namespace {

using guard::sample::Snapshot;

constexpr const char* kName = "harmless";
constexpr double kNearLimit = 0.85;

// Shows a series sample by sample and only counts what it is asked to do.
class Player final : public guard::Collector, public guard::Executor {
 public:
  Player(const Series& series, const std::vector<guard::policy::Rule>& rules)
      : series_(series), guard_(config_with(rules, series.interval_seconds), {*this, *this, journal_, clock_}) {
    base::set_log_level(base::LogLevel::error);
  }

  void run(GuardedPeace& peace) {
    double before = 0;
    for (const Sample& sample : series_.samples) {
      clock_.advance(base::from_seconds(sample.seconds - before));
      before = sample.seconds;
      starts_ += sample.new_run ? 1 : 0;
      now_ = &sample;
      for (Done& done : std::exchange(under_way_, {})) done(std::string("noted"));
      guard_.tick(0);
    }
    peace.days += before / 86400;
    peace.restarts += restarts_;
    peace.near_limit += near_;
    peace.restarted += restarts_ > 0 ? 1 : 0;
    peace.notifications += told_;
    ++peace.series;
  }

  Snapshot collect(base::SteadyTime now, base::WallTime wall) override {
    Snapshot snapshot;
    snapshot.at = now;
    snapshot.wall = wall;
    guard::sample::Workload& workload = snapshot.workloads.emplace_back();
    workload.name = kName;
    workload.identity.key = "container:harmless";
    workload.lifecycle.state = guard::sample::State::running;
    workload.lifecycle.starts = starts_;
    workload.resources.memory.usage = base::Bytes{std::llround(now_->bytes)};
    workload.resources.memory.anon = workload.resources.memory.usage;
    workload.resources.memory.inactive_file = base::Bytes{0};
    workload.resources.memory.limit = base::Bytes{std::llround(now_->limit)};
    return snapshot;
  }
  Snapshot collect_one(const std::string&, base::SteadyTime now, base::WallTime wall) override {
    return collect(now, wall);
  }
  void execute(const guard::policy::Decision& decision, const guard::sample::Workload&, Done done) override {
    const bool is_restart = std::holds_alternative<guard::policy::Restart>(decision.action);
    ++(is_restart ? restarts_ : told_);
    if (is_restart && now_->bytes >= kNearLimit * now_->limit) ++near_;
    under_way_.push_back(std::move(done));
  }

 private:
  static guard::config::Config config_with(const std::vector<guard::policy::Rule>& rules, double interval) {
    guard::config::Config config;
    config.agent.sample_interval = base::from_seconds(interval);
    guard::config::WorkloadConfig& workload = config.workloads.emplace_back();
    workload.name = workload.target.selector = kName;
    workload.rules = rules;
    return config;
  }

  const Series& series_;
  const Sample* now_ = nullptr;
  std::uint64_t starts_ = 1;
  std::uint64_t restarts_ = 0;
  std::uint64_t near_ = 0;
  std::uint64_t told_ = 0;
  std::vector<Done> under_way_;
  base::ManualClock clock_;
  guard::history::JournalWriter journal_{""};
  guard::Guard guard_;
};

}  // namespace

std::vector<GuardedPeace> guard_harmless(const std::vector<Policy>& policies, double days, std::uint64_t seed) {
  constexpr auto kFirst = static_cast<std::size_t>(Kind::flat);
  constexpr std::size_t kHarmless = static_cast<std::size_t>(kKinds) - kFirst;
  std::vector<GuardedPeace> all(policies.size() * kHarmless);
  in_parallel(all.size(), [&](std::size_t place) {
    GuardedPeace& peace = all[place];
    const Policy& policy = policies[place / kHarmless];
    peace.policy = policy.name;
    peace.kind = static_cast<Kind>(kFirst + place % kHarmless);
    for (std::uint64_t number = seed; peace.days < days; ++number) {
      const Series series = make_series(peace.kind, number);
      Player(series, policy.rules).run(peace);
    }
  });
  return all;
}

}  // namespace sim
