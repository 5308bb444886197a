#include <cmath>
#include <cstdio>
#include <fstream>
#include <iostream>
#include <map>
#include <string>
#include <vector>

#include <nlohmann/json.hpp>

#include "agent/commands.h"
#include "agent/recorded_series.h"
#include "guard/signal/growth.h"

namespace agent {
namespace {

using guard::sample::Reading;
using guard::signal::LeakState;
using nlohmann::json;

constexpr std::size_t kMostSeries = 1000;  // each keeps a detector's state

// One series as an online run over it sees it: only the detector's bounded state is kept, never the samples.
class Analysis {
 public:
  Analysis(std::string name, std::optional<base::Bytes> limit) : name_(std::move(name)), limit_(limit) {}

  base::Status take(const RecordedSample& sample) {
    if (!sample.bytes) return ++missing_, base::Status();
    if (*sample.bytes < 0) return base::fail(base::Code::corrupt, "memory below zero");
    if (*sample.bytes > 0x1p60) return base::fail(base::Code::corrupt, "memory of more than an exbibyte: wrong unit?");
    if (samples_ == 0) first_ = last_ = sample.seconds;
    if (sample.seconds < last_) return base::fail(base::Code::corrupt, "its time lies before the row above");
    if (samples_ > 0 && sample.seconds == last_) return ++duplicates_, base::Status();
    // Nanoseconds since the first sample must fit into 63 bits.
    if (sample.seconds - first_ > 250.0 * 365 * 86400)
      return base::fail(base::Code::corrupt, "its time lies centuries after the first: wrong unit?");
    const double step = sample.seconds - last_;
    if (samples_ > 1 && step > kGapSteps * least_step_) ++gaps_;
    if (samples_ == 1 || (samples_ > 1 && step < least_step_)) least_step_ = step;
    last_ = sample.seconds;
    used_ = {std::llround(*sample.bytes)};
    if (sample.limit_bytes && !limit_) recorded_limit_ = base::Bytes{std::llround(*sample.limit_bytes)};
    ++samples_;
    tracker_.add(base::SteadyTime(base::from_seconds(last_ - first_)), used_, std::chrono::minutes(10),
                 limit().value_or(base::Bytes::unlimited()));
    if (!first_leaking_ && tracker_.growth().state == LeakState::leaking) first_leaking_ = last_;
    return {};
  }

  [[nodiscard]] bool is_leak() const { return first_leaking_.has_value(); }

  [[nodiscard]] json to_json() const {
    const auto& growth = tracker_.growth();
    const bool known = growth.bytes_per_second.has_value();
    json out = {{"name", name_},
                {"verdict", std::string(guard::signal::name_of(growth.state))},
                {"growth_bytes_per_hour", nullptr},
                {"growth_low", nullptr},
                {"growth_high", nullptr},
                {"limit_bytes", nullptr},
                {"time_to_limit_seconds", nullptr},
                {"first_leaking_at", nullptr},
                {"samples", samples_},
                {"span_seconds", last_ - first_},
                {"evidence", evidence()}};
    if (known) out["growth_bytes_per_hour"] = *growth.bytes_per_second * 3600;
    if (known && growth.significant) out["growth_low"] = growth.low * 3600;
    if (known && growth.significant) out["growth_high"] = growth.high * 3600;
    if (limit()) out["limit_bytes"] = limit()->count;
    const auto left = time_left(growth.bytes_per_second.value_or(0));
    if (left && *left != base::Duration::max()) out["time_to_limit_seconds"] = base::to_seconds(*left);
    if (first_leaking_) out["first_leaking_at"] = *first_leaking_;
    return out;
  }

 private:
  static constexpr double kGapSteps = 10;

  [[nodiscard]] std::optional<base::Bytes> limit() const { return limit_ ? limit_ : recorded_limit_; }
  [[nodiscard]] Reading<base::Duration> time_left(double rate) const {
    return time_to_limit_at(rate, tracker_.growth(), Reading<base::Bytes>(used_),
                            Reading<base::Bytes>(limit().value_or(base::Bytes::unlimited())));
  }
  [[nodiscard]] std::vector<std::string> evidence() const {
    const auto& growth = tracker_.growth();
    std::vector<std::string> lines;
    if (samples_ == 0) return {"no reading at all"};
    lines.push_back(describe(growth));
    const auto left = time_left(growth.bytes_per_second.value_or(0));
    if (left && *left != base::Duration::max()) {
      lines.push_back("limit in " + base::format_duration(*left) + ", " +
                      base::format_duration(*time_left(growth.high)) + " at the earliest");
    }
    if (first_leaking_ && growth.state != LeakState::leaking) lines.emplace_back("leaking earlier, not at the end");
    if (missing_ > 0) lines.push_back(std::to_string(missing_) + " readings missing");
    if (duplicates_ > 0)
      lines.push_back(std::to_string(duplicates_) + " rows with the time of the row above, left out");
    if (gaps_ > 0) lines.push_back(std::to_string(gaps_) + " gaps");
    return lines;
  }

  std::string name_;
  std::optional<base::Bytes> limit_;
  std::optional<base::Bytes> recorded_limit_;
  guard::signal::GrowthTracker tracker_;
  base::Bytes used_{0};
  double first_ = 0;
  double last_ = 0;
  double least_step_ = 0;
  std::optional<double> first_leaking_;
  std::uint64_t samples_ = 0;
  std::uint64_t missing_ = 0;
  std::uint64_t duplicates_ = 0;
  std::uint64_t gaps_ = 0;
};

using Analyses = std::map<std::string, Analysis>;

base::Status analyze_all(std::istream& in, const AnalyzeOptions& options, Analyses& analyses) {
  const auto take = [&](const RecordedSample& sample) {
    const auto found = analyses.find(sample.series);
    if (found != analyses.end()) return found->second.take(sample);
    if (analyses.size() == kMostSeries)
      return base::Status(base::fail(base::Code::too_large, "more than 1000 series: narrow the query"));
    return analyses.try_emplace(sample.series, sample.series, options.limit).first->second.take(sample);
  };
  return read_recording(in, {options.time_column, options.column}, take);
}

void print_text(const json& series) {
  std::printf("%s: %s\n", series["name"].get<std::string>().c_str(), series["verdict"].get<std::string>().c_str());
  for (const json& line : series["evidence"]) std::printf("  %s\n", line.get<std::string>().c_str());
  if (!series["first_leaking_at"].is_null())
    std::printf("  first called leaking at %.0f\n", series["first_leaking_at"].get<double>());
}

}  // namespace

int analyze(const AnalyzeOptions& options) {
  std::ifstream file;
  if (options.file != "-") {
    file.open(options.file);
    if (!file) {
      std::fprintf(stderr, "leakguard analyze: '%s' cannot be read\n", options.file.c_str());
      return kFailed;
    }
  }
  Analyses analyses;
  const auto read = analyze_all(options.file == "-" ? std::cin : file, options, analyses);
  if (!read) {
    std::fprintf(stderr, "leakguard analyze: %s: %s\n", options.file.c_str(), read.error().message.c_str());
    return kFailed;
  }
  if (analyses.empty()) {
    std::fprintf(stderr, "leakguard analyze: %s: no samples in it\n", options.file.c_str());
    return kFailed;
  }
  json document = {{"series", json::array()}};
  bool leaks = false;
  for (const auto& [name, analysis] : analyses) {
    document["series"].push_back(analysis.to_json());
    leaks = leaks || analysis.is_leak();
  }
  if (options.json) {
    std::printf("%s\n", document.dump(2, ' ', false, json::error_handler_t::replace).c_str());
  } else {
    for (const json& series : document["series"]) print_text(series);
  }
  return leaks ? kFindings : kFine;
}

}  // namespace agent
