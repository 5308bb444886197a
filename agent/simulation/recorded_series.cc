#include "agent/simulation/recorded_series.h"

#include <algorithm>
#include <map>
#include <memory>
#include <set>
#include <utility>

#include "agent/simulation/series_player.h"

namespace agent::simulation {
namespace {

using base::Code;
using base::Status;
using guard::config::Config;
using guard::config::WorkloadConfig;

constexpr std::size_t kMostNames = 10;     // that an error tells
constexpr std::size_t kMostPassed = 1000;  // names of series that are no workload's

bool is_named(const std::string& series, const WorkloadConfig& workload) {
  const auto fits = [&](const std::string& name) {
    return !name.empty() && (series == name || series.find("\"" + name + "\"") != std::string::npos);
  };
  return fits(workload.name) || fits(workload.target.selector);
}

template <class Names>
std::string list_of(const Names& names) {
  std::string text;
  std::size_t count = 0;
  for (const std::string& name : names) {
    if (count++ == kMostNames) return text + ", …";
    text += (text.empty() ? "" : ", ") + name;
  }
  return text;
}

// Passes each sample to its series' player.
class Cast {
 public:
  Cast(const Config& config, std::optional<base::Bytes> limit) : config_(config), limit_(limit) {}

  Status take(const recording::RecordedSample& sample) {
    if (last_name_ != sample.series) {
      if (const auto found = find(sample.series); !found) return found;
      last_name_ = sample.series;
    }
    return last_ == nullptr ? Status() : last_->take(sample);
  }

  base::Result<ReplayedSeries> finish() {
    if (players_.empty()) {
      return base::fail(Code::not_found, passed_.empty()
                                             ? "no samples in it"
                                             : "none of its series is named as a workload: it has " + list_of(passed_) +
                                                   "; the configuration has " + list_of(workload_names()));
    }
    ReplayedSeries all;
    for (auto& [workload, player] : players_) all.workloads.push_back(player->finish());
    if (!passed_.empty()) all.notes.push_back("series of no workload, passed over: " + list_of(passed_));
    for (const std::string& name : workload_names())
      if (!players_.contains(name)) all.notes.push_back("the record has nothing of the workload " + name);
    return all;
  }

 private:
  std::vector<std::string> workload_names() const {
    std::vector<std::string> names;
    for (const auto& workload : config_.workloads) names.push_back(workload.name);
    return names;
  }

  // Sets last_; null where the series is no workload's.
  Status find(const std::string& series) {
    last_ = nullptr;
    const auto named =
        std::ranges::find_if(config_.workloads, [&](const auto& workload) { return is_named(series, workload); });
    if (named != config_.workloads.end()) return enter(*named, series);
    const bool is_only = config_.workloads.size() == 1 && passed_.empty();
    const auto player = is_only ? players_.find(config_.workloads.front().name) : players_.end();
    if (is_only && (player == players_.end() || player->second->series() == series)) {
      is_guessed_ = true;
      return enter(config_.workloads.front(), series);
    }
    if (is_guessed_) {
      return base::fail(Code::conflict, "it has several series (" + players_.begin()->second->series() + ", " + series +
                                            ", …), and none is named as the workload " + players_.begin()->first);
    }
    if (passed_.size() < kMostPassed) passed_.insert(series);
    return {};
  }

  Status enter(const WorkloadConfig& workload, const std::string& series) {
    auto& player = players_[workload.name];
    if (player == nullptr) player = std::make_unique<SeriesPlayer>(config_, workload.name, series, limit_);
    if (player->series() != series) {
      return base::fail(Code::conflict, "two series are the workload " + workload.name + "'s: " + player->series() +
                                            " and " + series + "; narrow the recording");
    }
    last_ = player.get();
    return {};
  }

  const Config& config_;
  std::optional<base::Bytes> limit_;
  std::map<std::string, std::unique_ptr<SeriesPlayer>> players_;  // by workload
  std::set<std::string> passed_;                                  // names of series; bounded by kMostPassed
  std::optional<std::string> last_name_;
  SeriesPlayer* last_ = nullptr;
  bool is_guessed_ = false;  // the only series was taken for the only workload's
};

}  // namespace

base::Result<ReplayedSeries> replay_series(std::istream& in, const recording::Columns& columns, const Config& config,
                                           std::optional<base::Bytes> limit) {
  Cast cast(config, limit);
  const auto passed = recording::read_recording(
      in, columns, [&](const recording::RecordedSample& sample) { return cast.take(sample); });
  if (!passed) return base::fail(passed.error());
  auto all = cast.finish();
  if (all && passed->lines > 0) {
    all->notes.push_back("passed over " + std::to_string(passed->lines) +
                         " lines that are neither a time nor a row; the first is line " +
                         std::to_string(passed->first_line));
  }
  return all;
}

}  // namespace agent::simulation
