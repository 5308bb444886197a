#pragma once
// Plays one recorded series to a guard of its own. A recording has the memory and, at best, the limit and when another
// run began; everything else is absent to the guard, as it is when a source is down.

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
  // The configuration's workload of that name is the one that is played; `limit` goes before what the recording says,
  // which goes before the workload's cap.
  SeriesPlayer(const guard::config::Config& config, const std::string& workload, std::string series,
               std::optional<base::Bytes> limit);

  [[nodiscard]] const std::string& series() const { return series_; }
  // Errors: as recording::Analysis has them.
  base::Status take(const recording::RecordedSample& sample);
  // To be called once, at the end.
  Replayed finish();

 private:
  void begin();
  void play(const recording::RecordedSample& sample);
  [[nodiscard]] std::vector<std::string> notes() const;

  guard::config::Config config_;
  std::string series_;
  std::optional<base::Bytes> limit_;     // that was asked for
  std::optional<base::Bytes> recorded_;  // limit
  recording::Analysis analysis_;
  // The first samples wait until it is known how far apart they are.
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
