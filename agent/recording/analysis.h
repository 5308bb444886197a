#pragma once
// Feeds one recorded series to the leak detector online, sample by sample, without later samples. Keeps only the
// detector's bounded state and a downsampled chart of the series.

#include <array>
#include <chrono>
#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "agent/recording/picture.h"
#include "agent/recording/recording.h"
#include "base/units.h"
#include "guard/signal/growth.h"

namespace agent::recording {

struct Verdict {
  std::string name;
  guard::signal::LeakState state = guard::signal::LeakState::unknown;  // at the end
  std::optional<double> bytes_per_hour;                                // of the rolling minimum
  std::optional<double> low_per_hour;                                  // 95 % interval; absent before a verdict
  std::optional<double> high_per_hour;
  std::optional<std::int64_t> limit_bytes;
  struct TimeToLimit {
    double seconds = 0;
    double earliest = 0;
    std::optional<double> latest;  // absent: too late for a forecast
  };
  std::optional<TimeToLimit> time_to_limit;  // absent without growth or limit
  std::optional<double> first_leaking_at;    // seconds, in the recording's time
  std::uint64_t samples = 0;
  double span_seconds = 0;
  std::vector<std::string> evidence;
};

class Analysis {
 public:
  struct Change {  // a change of the verdict
    double at = 0;
    guard::signal::LeakState state = guard::signal::LeakState::unknown;
    std::string why;
  };
  static constexpr std::size_t kMostChanges = 40;  // kept changes; the rest is counted

  // `limit` overrides the recording's own; `window` is leak.window of the agent.
  Analysis(std::string name, std::optional<base::Bytes> limit, base::Duration window = std::chrono::minutes(10))
      : name_(std::move(name)), limit_(limit), window_(window) {}

  // Errors: corrupt (a negative value, a time before the previous one, an implausible unit).
  base::Status take(const RecordedSample& sample);

  [[nodiscard]] bool is_leak() const { return first_leaking_.has_value(); }  // at any time
  [[nodiscard]] Verdict verdict() const;

  // For the report.
  [[nodiscard]] const Picture& picture() const { return picture_; }
  [[nodiscard]] const std::vector<Change>& changes() const { return changes_; }
  [[nodiscard]] std::uint64_t change_count() const { return change_count_; }
  [[nodiscard]] const guard::signal::Growth& growth() const { return tracker_.growth(); }

 private:
  base::Status check(const RecordedSample& sample) const;
  void count_step(double seconds);
  void note_state();
  [[nodiscard]] std::optional<base::Bytes> limit() const { return limit_ ? limit_ : recorded_limit_; }
  [[nodiscard]] std::optional<double> time_left(double bytes_per_second) const;
  [[nodiscard]] std::vector<std::string> evidence(const Verdict& verdict) const;
  [[nodiscard]] std::optional<std::string> gaps() const;

  std::string name_;
  std::optional<base::Bytes> limit_;
  std::optional<base::Bytes> recorded_limit_;
  base::Duration window_;
  guard::signal::GrowthTracker tracker_;
  Picture picture_;
  std::vector<Change> changes_;
  std::uint64_t change_count_ = 0;
  guard::signal::LeakState state_ = guard::signal::LeakState::unknown;
  std::optional<double> first_leaking_;
  std::string run_;
  base::Bytes used_{0};
  double first_ = 0;
  double last_ = 0;
  std::uint64_t samples_ = 0;
  std::uint64_t missing_ = 0;
  std::uint64_t duplicates_ = 0;
  std::uint64_t restarts_ = 0;
  // Histogram of the intervals between samples, four classes per doubling; the usual one is known at the end.
  static constexpr int kClasses = 200;
  std::array<std::uint64_t, kClasses> steps_{};
  double longest_step_ = 0;
};

}  // namespace agent::recording
