#pragma once
// Aggregates samples online, one per period: the coarser resolutions. Private to this folder.

#include <map>
#include <optional>
#include <string>
#include <vector>

#include "guard/history/summary.h"
#include "guard/sample/snapshot.h"

namespace guard::history {

struct Period {
  sample::Snapshot last;           // of the period
  std::vector<Summary> summaries;  // of last.workloads, in their order
};

class Rollup {
 public:
  explicit Rollup(base::Duration step) : step_(step) {}

  // When `snapshot` is the first of a new period by the wall clock, what the one before came to. Memory: one snapshot
  // and a few numbers a workload.
  std::optional<Period> add(const sample::Snapshot& snapshot);

  // The same, without a new sample: what the period under way came to, when it is over at `time`.
  std::optional<Period> end_before(base::WallTime time);
  // The next sample is of another run of the agent: its steady time is none to measure from.
  void forget_cpu() { references_.clear(); }

  // When the period of a time ends, which is its first moment after.
  [[nodiscard]] base::WallTime end_of(base::WallTime time) const;

 private:
  struct Sum {
    std::optional<base::Bytes> least;
    std::optional<base::Bytes> most;
    double total = 0;
    std::uint64_t count = 0;
    void add(const sample::Reading<base::Bytes>& value);
    [[nodiscard]] Spread spread() const;
  };
  struct Account {
    std::uint64_t samples = 0;
    Sum usage;
    Sum working_set;
    Sum unreclaimable;
    double cpu_seconds = 0;
    base::Duration cpu_elapsed{0};
    sample::Reading<base::Cores> cpu_most;
  };
  // The sample that CPU use is measured from; lives on from period to period.
  struct Reference {
    base::SteadyTime at;
    std::string run;
    std::uint64_t starts = 0;
    sample::Reading<base::Duration> cpu_used;
  };
  void count(const sample::Workload& workload, base::SteadyTime at);
  void count_cpu(const sample::Workload& workload, base::SteadyTime at, Account& account);
  [[nodiscard]] Period close();

  base::Duration step_;
  std::optional<base::WallTime> period_;  // its end
  sample::Snapshot last_;
  std::map<std::string, Account> accounts_;
  std::map<std::string, Reference> references_;
};

}  // namespace guard::history
