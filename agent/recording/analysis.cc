#include "agent/recording/analysis.h"

#include <algorithm>
#include <chrono>
#include <cmath>

#include "agent/recording/fields.h"

namespace agent::recording {
namespace {

using base::Code;
using guard::sample::Reading;
using guard::signal::LeakState;

constexpr double kMostBytes = 0x1p60;
constexpr double kLongestSeconds = 250.0 * 365 * 86400;  // in nanoseconds it must fit into 63 bits
constexpr double kGapSteps = 10;                         // times the usual step
constexpr double kLeastStep = 0x1p-10;                   // seconds; of the first class

double class_begin(int number) { return kLeastStep * std::exp2(number / 4.0); }

std::string in_words(double seconds) { return base::format_duration(base::from_seconds(std::round(seconds))); }

}  // namespace

base::Status Analysis::check(const RecordedSample& sample) const {
  if (*sample.bytes < 0) return base::fail(Code::corrupt, "memory below zero");
  if (*sample.bytes > kMostBytes) return base::fail(Code::corrupt, "memory of more than an exbibyte: a wrong unit?");
  if (samples_ == 0) return {};
  if (sample.seconds < last_) {
    return base::fail(Code::corrupt, "its time, " + format_time(sample.seconds) +
                                         ", lies before that of the sample before, " + format_time(last_));
  }
  if (sample.seconds - first_ > kLongestSeconds)
    return base::fail(Code::corrupt, "its time lies centuries after the first: a wrong unit?");
  return {};
}

base::Status Analysis::take(const RecordedSample& sample) {
  if (!sample.bytes) return ++missing_, base::Status();
  if (const auto checked = check(sample); !checked) return checked;
  if (samples_ == 0) {
    first_ = sample.seconds;
    run_ = sample.run;
  } else {
    if (sample.seconds == last_) return ++duplicates_, base::Status();
    count_step(sample.seconds - last_);
  }
  if (sample.run != run_) {
    run_ = sample.run;
    ++restarts_;
    tracker_.restart();
  }
  last_ = sample.seconds;
  used_ = {std::llround(*sample.bytes)};
  if (sample.limit_bytes && *sample.limit_bytes <= kMostBytes) recorded_limit_ = {std::llround(*sample.limit_bytes)};
  ++samples_;
  tracker_.add(base::SteadyTime(base::from_seconds(last_ - first_)), used_, window_,
               limit().value_or(base::Bytes::unlimited()));
  note_state();
  return {};
}

void Analysis::count_step(double seconds) {
  longest_step_ = std::max(longest_step_, seconds);
  const double number = 4 * std::log2(std::max(seconds, kLeastStep) / kLeastStep);
  ++steps_[static_cast<std::size_t>(std::min(number, kClasses - 1.0))];
}

void Analysis::note_state() {
  const auto& growth = tracker_.growth();
  if (!first_leaking_ && growth.state == LeakState::leaking) first_leaking_ = last_;
  picture_.add(last_, static_cast<double>(used_.count), growth.state);
  if (growth.state == state_) return;
  state_ = growth.state;
  if (++change_count_ <= kMostChanges) changes_.push_back({last_, state_, describe(growth)});
}

std::optional<double> Analysis::time_left(double bytes_per_second) const {
  const auto left = time_to_limit_at(bytes_per_second, tracker_.growth(), Reading<base::Bytes>(used_),
                                     Reading<base::Bytes>(limit().value_or(base::Bytes::unlimited())));
  if (!left || *left == base::Duration::max()) return std::nullopt;
  return base::to_seconds(*left);
}

Verdict Analysis::verdict() const {
  const auto& growth = tracker_.growth();
  Verdict verdict;
  verdict.name = name_;
  verdict.state = growth.state;
  if (growth.bytes_per_second) verdict.bytes_per_hour = *growth.bytes_per_second * 3600;
  if (growth.bytes_per_second && growth.span_seconds > 0) {
    verdict.low_per_hour = growth.low * 3600;
    verdict.high_per_hour = growth.high * 3600;
  }
  if (limit()) verdict.limit_bytes = limit()->count;
  if (const auto left = growth.bytes_per_second ? time_left(*growth.bytes_per_second) : std::nullopt)
    verdict.time_to_limit = {*left, time_left(growth.high).value_or(*left), time_left(growth.low)};
  verdict.first_leaking_at = first_leaking_;
  verdict.samples = samples_;
  verdict.span_seconds = last_ - first_;
  verdict.evidence = evidence(verdict);
  return verdict;
}

std::vector<std::string> Analysis::evidence(const Verdict& verdict) const {
  std::vector<std::string> lines;
  if (samples_ == 0) return {"every reading is missing"};
  lines.push_back(describe(tracker_.growth()));
  if (const auto& left = verdict.time_to_limit) {
    lines.push_back("limit of " + base::format_bytes(*limit()) + " in " + in_words(left->seconds) + " (" +
                    in_words(left->earliest) + " – " + (left->latest ? in_words(*left->latest) : "a year and more") +
                    ")");
  }
  if (first_leaking_) {
    lines.push_back("first called leaking at " + format_time(*first_leaking_) + ", after " +
                    in_words(*first_leaking_ - first_));
    if (verdict.state != LeakState::leaking)
      lines.emplace_back("it leaked earlier and is not called leaking at the end");
  }
  const auto counted = [&lines](std::uint64_t count, const char* what) {
    if (count > 0) lines.push_back(std::to_string(count) + what);
  };
  counted(restarts_, " restarts: each run's growth is judged by itself and carried on");
  counted(missing_, " readings missing");
  counted(duplicates_, " samples at the time of the one before, left out");
  if (const auto text = gaps()) lines.push_back(*text);
  return lines;
}

std::optional<std::string> Analysis::gaps() const {
  std::uint64_t seen = 0;
  int usual = 0;
  while (usual < kClasses - 1 && (seen += steps_[static_cast<std::size_t>(usual)]) * 2 < samples_ - 1) ++usual;
  std::uint64_t count = 0;
  for (int number = usual; number < kClasses; ++number)
    if (class_begin(number) >= kGapSteps * class_begin(usual)) count += steps_[static_cast<std::size_t>(number)];
  if (count == 0) return std::nullopt;
  return std::to_string(count) + (count == 1 ? " gap of " : " gaps, the longest of ") + in_words(longest_step_);
}

}  // namespace agent::recording
