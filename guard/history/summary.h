#pragma once
// A summary of one workload over a minute or a quarter of an hour, kept after its samples are gone. A field without any
// sample is absent.

#include <cstdint>

#include "guard/sample/resources.h"

namespace guard::history {

struct Spread {
  sample::Reading<base::Bytes> least;
  sample::Reading<base::Bytes> most;
  sample::Reading<base::Bytes> mean;  // of the samples that had the measure
  friend bool operator==(const Spread&, const Spread&) = default;
};

struct Summary {
  std::uint64_t samples = 0;
  Spread usage;
  Spread working_set;                     // usage − inactive_file
  Spread unreclaimable;                   // what the leak detector judges; its least is the floor
  sample::Reading<base::Cores> cpu_mean;  // over the intervals between samples of one run
  sample::Reading<base::Cores> cpu_most;  // of one such interval
  friend bool operator==(const Summary&, const Summary&) = default;
};

}  // namespace guard::history
