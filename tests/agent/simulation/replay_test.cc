// A recording is replayed, and the same samples are shown to a guard online: both must say and do the same.

#include <cmath>
#include <sstream>
#include <tuple>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "agent/simulation/recorded_series.h"
#include "base/log.h"
#include "tests/guard/fakes.h"
#include "tests/sim/series.h"

namespace agent::simulation {
namespace {

using guard::config::Config;
using testing::HasSubstr;

constexpr double kStart = 1767225600;  // where ManualClock starts

Config config_with(const std::string& rules, const std::string& more = "") {
  auto result = guard::config::parse_config(
      "workloads:\n  - name: web\n    container: web\n    rules:\n" + rules + more, "test.yml");
  for (const auto& problem : result.problems) ADD_FAILURE() << to_string(problem);
  return result.config.value_or(Config{});
}

constexpr const char* kRules = R"(
      - {name: tell, when: {time_to_limit: '< 1h', for: 2m}, do: [notify], cooldown: 30m}
      - {name: shed, when: {memory: '> 80%', for: 2m}, do: [{shed: {url: 'http://127.0.0.1:1/shed'}}, notify], cooldown: 20m}
      - {name: grows, when: {memory_growth: '> 1m', for: 5m}, do: [notify]}
      - {name: restart, when: {memory: '> 90%', for: 3m}, do: [{restart: {drain: 30s}}], cooldown: 1h}
)";

// (seconds since the start, kind, what, rule, why), repetitions as one.
using Event = std::tuple<long long, std::string, std::string, std::string, std::string>;

void remember(std::vector<Event>& events, double at, const char* kind, std::string what, std::string rule,
              std::string why) {
  if (!events.empty() && std::string(kind) == "action") {
    const auto& [before_at, before_kind, before_what, before_rule, before_why] = events.back();
    if (before_kind == kind && before_what == what && before_rule == rule) return;
  }
  events.emplace_back(std::llround(at), kind, std::move(what), std::move(rule), std::move(why));
}

// Looks at what the test sets, and sees it again at the second look; its hands are done before the next tick.
class Online {
 public:
  Online(Config config, double interval) {
    config.agent.sample_interval = base::from_seconds(interval);
    guard_.emplace(config, guard::GuardParts{collector_, executor_, journal_, clock_});
    guard_->on_action([this](const guard::telemetry::ActionRecord& action) {
      refused_ += action.outcome == guard::telemetry::Outcome::done ? 0 : 1;
    });
  }

  void show(const sim::Sample& sample) {
    clock_.advance(base::from_seconds(sample.seconds - before_));
    before_ = sample.seconds;
    run_ += sample.new_run ? 1 : 0;
    guard::sample::Workload workload;
    workload.name = "web";
    workload.identity.key = "container:" + std::to_string(run_);
    workload.lifecycle.state = guard::sample::State::running;
    workload.lifecycle.starts = run_;
    workload.resources.memory.usage = base::Bytes{std::llround(sample.bytes)};
    workload.resources.memory.inactive_file = base::Bytes{0};
    workload.resources.memory.limit = base::Bytes{std::llround(sample.limit)};
    collector_.workloads = {workload};
    guard_->tick(0);
    while (!executor_.unfinished.empty()) executor_.finish();
    for (; decisions_ < executor_.decisions.size(); ++decisions_) {
      const auto& decision = executor_.decisions[decisions_];
      remember(events_, sample.seconds, "action", std::string(guard::policy::name_of(decision.action)), decision.rule,
               decision.reason);
    }
    const auto& signals = guard_->report().workloads.front().signals;
    // What goes without saying is left out of a timeline.
    const bool unsaid = leak_ == guard::signal::LeakState::unknown || sample.new_run;
    if (signals.leak != leak_ && !(signals.leak == guard::signal::LeakState::warming_up && unsaid))
      remember(events_, sample.seconds, "verdict", std::string(name_of(signals.leak)), "", signals.leak_evidence);
    leak_ = signals.leak;
  }
  [[nodiscard]] const std::vector<Event>& events() const { return events_; }
  [[nodiscard]] std::uint64_t refused() const { return refused_; }

 private:
  base::ManualClock clock_;
  guard::FakeCollector collector_;
  guard::FakeExecutor executor_;
  guard::history::JournalWriter journal_{""};
  std::optional<guard::Guard> guard_;
  double before_ = 0;
  std::uint64_t run_ = 1;
  std::size_t decisions_ = 0;
  std::uint64_t refused_ = 0;
  guard::signal::LeakState leak_ = guard::signal::LeakState::unknown;
  std::vector<Event> events_;
};

// The limit of a CSV file is given by the command line: series whose limit changes are not for it.
base::Result<ReplayedSeries> replay(const std::string& csv, const Config& config,
                                    std::optional<base::Bytes> limit = std::nullopt) {
  base::set_log_level(base::LogLevel::error);
  std::istringstream in(csv);
  recording::Columns columns;
  columns.run = csv.find(",run") == std::string::npos ? "" : "run";
  return replay_series(in, columns, config, limit);
}

std::string csv_of(const sim::Series& series) {
  std::ostringstream csv;
  csv.precision(15);
  csv << "timestamp,memory_bytes,run\n";
  std::uint64_t run = 1;
  for (const auto& sample : series.samples) {
    run += sample.new_run ? 1 : 0;
    csv << kStart + sample.seconds << ',' << std::llround(sample.bytes) << ',' << run << '\n';
  }
  return csv.str();
}

// A recorded time is a number in a text: within a fraction of a second a sample may fall into another bucket of time.
sim::Series in_whole_seconds(sim::Series series) {
  for (auto& sample : series.samples) sample.seconds = std::round(sample.seconds);
  return series;
}

TEST(Replay, SaysAndDoesWhatTheGuardDoesOnline) {
  const Config config = config_with(kRules);
  std::size_t actions = 0;
  for (const auto kind : {sim::Kind::leak_linear, sim::Kind::leak_sawtooth, sim::Kind::leak_restarts,
                          sim::Kind::leak_daily_cycle, sim::Kind::warm_up_exponential, sim::Kind::spikes}) {
    for (std::uint64_t seed = 11; seed < 13; ++seed) {
      const sim::Series series = in_whole_seconds(sim::make_series(kind, seed));
      Online online(config, std::max(series.interval_seconds, 1.0));
      for (const auto& sample : series.samples) online.show(sample);
      const auto replayed = replay(csv_of(series), config, base::Bytes{std::llround(series.samples.front().limit)});
      ASSERT_TRUE(replayed) << replayed.error().message;
      std::vector<Event> events;
      std::uint64_t refused = 0;
      for (const Entry& entry : replayed->workloads.at(0).timeline.entries()) {
        if (entry.kind == Entry::Kind::run) continue;
        if (entry.kind == Entry::Kind::refusal) {
          refused += entry.times;
          continue;
        }
        remember(events, entry.at - kStart, name_of(entry.kind), entry.what, entry.rule, entry.why);
        actions += entry.kind == Entry::Kind::action ? entry.times : 0;
      }
      for (std::size_t i = 0; i < std::min(events.size(), online.events().size()); ++i)
        ASSERT_EQ(events[i], online.events()[i]) << name_of(kind) << " of seed " << seed;
      ASSERT_EQ(events.size(), online.events().size()) << name_of(kind) << " of seed " << seed;
      EXPECT_EQ(refused, online.refused()) << name_of(kind) << " of seed " << seed;
      EXPECT_FALSE(events.empty());
    }
  }
  EXPECT_GT(actions, 30U);
}

// 300 MiB and 2 MiB more each minute, of a limit of 700.
std::string rising(int minutes, const std::string& gap_at = "") {
  std::ostringstream csv;
  csv << "timestamp,memory_bytes\n";
  for (int i = 0; i < minutes; ++i) {
    csv << std::llround(kStart) + 60 * i << ',';
    if (std::to_string(i) != gap_at) csv << (300LL + 2LL * i) * 1048576;
    csv << '\n';
  }
  return csv.str();
}

std::vector<Entry> actions_in(const Replayed& replayed) {
  std::vector<Entry> actions;
  for (const Entry& entry : replayed.timeline.entries())
    if (entry.kind == Entry::Kind::action) actions.push_back(entry);
  return actions;
}

TEST(Replay, HoldsForAsLongAsTheRuleSays) {
  const auto config =
      config_with("      - {name: high, when: {memory: '> 500m', for: 5m}, do: [notify], cooldown: 10h}\n");
  const auto replayed = replay(rising(150), config, base::mebibytes(700));
  ASSERT_TRUE(replayed);
  const auto actions = actions_in(replayed->workloads.at(0));
  ASSERT_EQ(actions.size(), 1U);
  EXPECT_EQ(actions[0].at, kStart + (101 + 5) * 60);  // above from minute 101 on
  EXPECT_FALSE(actions[0].touches);
}

TEST(Replay, AMissingReadingIsNoPartOfTheHold) {
  const auto config =
      config_with("      - {name: high, when: {memory: '> 500m', for: 5m}, do: [notify], cooldown: 10h}\n");
  const auto replayed = replay(rising(150, "103"), config, base::mebibytes(700));
  ASSERT_TRUE(replayed);
  const auto actions = actions_in(replayed->workloads.at(0));
  ASSERT_EQ(actions.size(), 1U);
  EXPECT_GT(actions[0].at, kStart + (101 + 5) * 60);
}

TEST(Replay, TheCapIsTheLimitWhereTheRecordHasNone) {
  const std::string rule = "      - {name: high, when: {memory: '> 90%', for: 1m}, do: [notify], cooldown: 10h}\n";
  EXPECT_TRUE(actions_in(replay(rising(190), config_with(rule))->workloads.at(0)).empty());
  const auto capped = config_with(rule, "    caps: {memory: 700m}\n");
  EXPECT_EQ(actions_in(replay(rising(190), capped)->workloads.at(0)).size(), 1U);
}

TEST(Replay, SaysOnceWhatTheRecordDoesNotHave) {
  const auto config = config_with(R"(
      - {name: busy, when: {cpu: '> 0.5'}, do: [notify]}
      - {name: killed, when: {oom_kills: '> 0'}, do: [notify]}
      - {name: high, when: {memory: '> 900m'}, do: [notify]}
)");
  const auto replayed = replay(rising(100), config);
  ASSERT_TRUE(replayed);
  const auto& notes = replayed->workloads.at(0).notes;
  ASSERT_EQ(notes.size(), 3U);
  EXPECT_THAT(notes[0], HasSubstr("rule busy needs cpu, which this record does not have"));
  EXPECT_THAT(notes[1], HasSubstr("rule killed needs oom_kills"));
  EXPECT_THAT(notes[2], HasSubstr("no limit is known"));
}

TEST(Replay, AnActThatTouchesMarksWhatComesAfterIt) {
  const auto config =
      config_with("      - {name: high, when: {memory: '> 500m'}, do: [{restart: {}}], cooldown: 30m}\n");
  const auto replayed = replay(rising(190), config, base::mebibytes(700));
  ASSERT_TRUE(replayed);
  const auto actions = actions_in(replayed->workloads.at(0));
  ASSERT_EQ(actions.size(), 2U);
  EXPECT_FALSE(actions[0].after_act);
  EXPECT_TRUE(actions[1].after_act);
  EXPECT_EQ(actions[1].times, 2U);
  EXPECT_EQ(replayed->workloads.at(0).timeline.actions().at("restart"), 3U);
}

TEST(Timeline, IsBoundedAndCountsWhatItLeavesOut) {
  Timeline timeline;
  for (std::size_t i = 0; i < Timeline::kMost + 7; ++i) {
    Entry entry;
    entry.kind = Entry::Kind::action;
    entry.what = "notify";
    entry.rule = i % 2 == 0 ? "a" : "b";
    timeline.add(entry);
  }
  EXPECT_EQ(timeline.entries().size(), Timeline::kMost);
  EXPECT_EQ(timeline.left_out(), 7U);
  EXPECT_EQ(timeline.actions().at("notify"), Timeline::kMost + 7);
}

}  // namespace
}  // namespace agent::simulation
