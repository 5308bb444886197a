#pragma once
// Runs the detector over generated series as the agent would, sample by sample, and counts how right it was.

#include <cstdint>
#include <string>
#include <vector>

#include "tests/sim/series.h"

namespace sim {

struct Outcome {
  bool leaking = false;         // said at any time, and for a leak: after it began
  bool false_alarm = false;     // said of a harmless series, or before the leak began
  double first_leaking_at = 0;  // seconds
  double used_headroom = 1;     // part of the room gone by then; 1 when never said
  double time_error = 1;        // of the time to limit, as a part of the true one: median from then on
  double first_time_error = 1;  // at the first `leaking`
  double rate_error = 1;        // of the growth, as a part of the true one: median
  double days = 0;
};
Outcome judge(const Series& series);

struct Score {
  Kind kind = Kind::flat;
  int series = 0;
  int met_limit = 0;    // leaks that did
  int found = 0;        // of these
  int early = 0;        // of these: before half of the room was used
  int timed = 0;        // of these: median error of the time to limit within 20 %
  int first_timed = 0;  // of these: already the first one was
  int false_alarms = 0;
  double days = 0;
};
Score score(Kind kind, std::uint64_t first_seed, int count);
// Two kinds at a time, on two threads.
std::vector<Score> score_all(const std::vector<Kind>& kinds, std::uint64_t first_seed, int count);

// One line a kind and the sums, with the aims they are measured against.
std::string table(const std::vector<Score>& scores);

// Sums of what the aims are about.
struct Totals {
  double precision = 0;
  double recall = 0;
  double early = 0;
  double timed = 0;
  double first_timed = 0;
  double false_alarms_in_1000_days = 0;  // of the harmless kinds
};
Totals totals_of(const std::vector<Score>& scores);

}  // namespace sim
