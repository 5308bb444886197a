#pragma once
// Feeds one recorded series to a guard of its own. A recording has memory and possibly limits and restarts; everything
// else is absent, as with a source that is down.

#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "agent/recording/analysis.h"
#include "agent/recording/recording.h"
#include "agent/simulation/replayed.h"
#include "agent/simulation/simulation.h"
#include "guard/config/config.h"

namespace agent::simulation {

class SeriesPlayer {
 public:
  // Simulates the configured workload of that name. `limit` overrides the recording's, which overrides the cap.
  SeriesPlayer(const guard::config::Config& config, const std::string& workload, std::string series,
               std::optional<base::Bytes> limit);

  [[nodiscard]] const std::string& series() const { return series_; }
  // Errors: those of recording::Analysis.
  base::Status take(const recording::RecordedSample& sample);
  // Call it once, at the end.
  Replayed finish();

 private:
  void begin();
  void play(const recording::RecordedSample& sample);
  [[nodiscard]] std::vector<std::string> notes() const;

  guard::config::Config config_;
  std::string series_;
  std::optional<base::Bytes> limit_;     // requested limit
  std::optional<base::Bytes> recorded_;  // limit of the recording
  recording::Analysis analysis_;
  // The first samples, until their interval is known.
  std::vector<recording::RecordedSample> waiting_;
  std::unique_ptr<Simulation> simulation_;
  double interval_ = 0;
  double first_ = 0;
  double last_ = 0;
  bool has_begun_ = false;
  std::string run_;
  std::uint64_t starts_ = 1;
};

}  // namespace agent::simulation
