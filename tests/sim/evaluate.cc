#include "tests/sim/evaluate.h"

#include <algorithm>
#include <atomic>
#include <cmath>
#include <cstdarg>
#include <cstdio>
#include <thread>

#include "guard/signal/growth.h"

namespace sim {

namespace {

using guard::signal::GrowthTracker;
using guard::signal::LeakState;

double median(std::vector<double> values) {
  if (values.empty()) return 1;
  const auto middle = values.begin() + static_cast<std::ptrdiff_t>(values.size() / 2);
  std::nth_element(values.begin(), middle, values.end());
  return *middle;
}

base::Bytes bytes_of(double value) { return {std::llround(value)}; }

// What the guard would have told of the time to limit at this sample, against the truth.
double time_error(const GrowthTracker& tracker, const Sample& sample) {
  const auto left = time_to_limit(tracker.growth(), guard::sample::Reading<base::Bytes>(bytes_of(sample.bytes)),
                                  guard::sample::Reading<base::Bytes>(bytes_of(sample.limit)));
  if (!left || *left == base::Duration::max()) return 1;
  return std::fabs(base::to_seconds(*left) - sample.left) / sample.left;
}

std::string format(const char* form, ...) __attribute__((format(printf, 1, 2)));
std::string format(const char* form, ...) {
  char line[256];
  va_list arguments;
  va_start(arguments, form);
  std::vsnprintf(line, sizeof line, form, arguments);
  va_end(arguments);
  return line;
}

double part(double of, double whole) { return whole > 0 ? of / whole : 1; }

}  // namespace

Outcome judge(const Series& series) {
  Outcome outcome;
  GrowthTracker tracker;
  std::vector<double> time_errors;
  std::vector<double> rate_errors;
  bool said = false;
  const Truth& truth = series.truth;
  for (const auto& sample : series.samples) {
    if (sample.new_run) tracker.restart();
    tracker.add(base::SteadyTime(base::from_seconds(sample.seconds)), bytes_of(sample.bytes), std::chrono::minutes(10),
                bytes_of(sample.limit));
    if (tracker.growth().state != LeakState::leaking) continue;
    if (!truth.leak || sample.seconds < truth.start_seconds) {
      outcome.false_alarm = true;
      continue;
    }
    if (!said) {
      said = true;
      outcome.first_leaking_at = sample.seconds;
      outcome.used_headroom = sample.leaked / truth.headroom_bytes;
    }
    outcome.leaking = true;
    if (!truth.limit_at_seconds) continue;
    // In its last tenth a leak is a matter of noise: nobody plans by that any more.
    if (sample.left < 0.1 * truth.headroom_bytes / truth.bytes_per_second) continue;
    time_errors.push_back(time_error(tracker, sample));
    rate_errors.push_back(std::fabs(*tracker.growth().bytes_per_second / truth.bytes_per_second - 1));
  }
  outcome.first_time_error = time_errors.empty() ? 1 : time_errors.front();
  outcome.time_error = median(time_errors);
  outcome.rate_error = median(rate_errors);
  if (!series.samples.empty()) outcome.days = (series.samples.back().seconds - series.samples.front().seconds) / 86400;
  return outcome;
}

Score score(Kind kind, std::uint64_t first_seed, int count) {
  Score score;
  score.kind = kind;
  for (int i = 0; i < count; ++i) {
    const Series series = make_series(kind, first_seed + static_cast<std::uint64_t>(i));
    const Outcome outcome = judge(series);
    ++score.series;
    score.days += outcome.days;
    score.false_alarms += outcome.false_alarm ? 1 : 0;
    if (!series.truth.limit_at_seconds) continue;
    ++score.met_limit;
    if (!outcome.leaking) continue;
    ++score.found;
    score.early += outcome.used_headroom <= 0.5 ? 1 : 0;
    score.timed += outcome.time_error <= 0.2 ? 1 : 0;
    score.first_timed += outcome.first_time_error <= 0.2 ? 1 : 0;
  }
  return score;
}

std::vector<Score> score_all(const std::vector<Kind>& kinds, std::uint64_t first_seed, int count) {
  std::vector<Score> scores(kinds.size());
  std::atomic<std::size_t> next{0};
  const auto work = [&] {
    for (std::size_t place = next++; place < kinds.size(); place = next++)
      scores[place] = score(kinds[place], first_seed, count);
  };
  std::thread other(work);
  work();
  other.join();
  return scores;
}

Totals totals_of(const std::vector<Score>& scores) {
  Score sum;
  int harmless_alarms = 0;
  double harmless_days = 0;
  for (const auto& score : scores) {
    sum.met_limit += score.met_limit;
    sum.found += score.found;
    sum.early += score.early;
    sum.timed += score.timed;
    sum.first_timed += score.first_timed;
    sum.false_alarms += score.false_alarms;
    if (is_leak(score.kind)) continue;
    harmless_alarms += score.false_alarms;
    harmless_days += score.days;
  }
  const double leaks = sum.met_limit;
  const double found = sum.found;
  return {part(found, found + sum.false_alarms),
          part(found, leaks),
          part(sum.early, leaks),
          part(sum.timed, found),
          part(sum.first_timed, found),
          harmless_days > 0 ? 1000 * harmless_alarms / harmless_days : 0};
}

std::string table(const std::vector<Score>& scores) {
  std::string text = format("%-20s %7s %9s %7s %7s %7s %7s %7s %9s\n", "kind", "series", "days", "false", "recall",
                            "early", "timed", "first", "f/1000 d");
  for (const auto& score : scores) {
    text += format("%-20s %7d %9.0f %7d", std::string(name_of(score.kind)).c_str(), score.series, score.days,
                   score.false_alarms);
    if (is_leak(score.kind)) {
      const double found = score.found;
      text += format(" %7.4f %7.4f %7.4f %7.4f", part(found, score.met_limit), part(score.early, score.met_limit),
                     part(score.timed, found), part(score.first_timed, found));
    } else {
      text += format(" %7s %7s %7s %7s", "", "", "", "");
    }
    text += format(" %9.3f\n", 1000 * score.false_alarms / std::max(score.days, 1e-9));
  }
  const Totals totals = totals_of(scores);
  text += format("precision                                %8.4f   aim >= 0.99\n", totals.precision);
  text += format("recall of leaks that meet their limit    %8.4f   aim >= 0.98\n", totals.recall);
  text += format("leaking before half the room is used     %8.4f   aim >= 0.90\n", totals.early);
  text += format("time to limit within 20 %% (median)       %8.4f   aim >= 0.80\n", totals.timed);
  text += format("time to limit within 20 %% (the first)    %8.4f\n", totals.first_timed);
  text += format("false leaking in 1,000 harmless days     %8.3f   aim <= 1\n", totals.false_alarms_in_1000_days);
  return text;
}

}  // namespace sim
