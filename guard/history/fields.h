#pragma once
// Which values of a snapshot are kept, and as which numbers. A value that a snapshot gains needs one line in fields.cc
// to be kept and read back. Only for this folder.

#include <cstddef>
#include <functional>
#include <string>
#include <vector>

#include "guard/history/block.h"
#include "guard/history/reader.h"

namespace guard::history {

// Adds a tick to the block. `summaries` is empty, or one a workload of the snapshot.
void append(const sample::Snapshot& snapshot, const std::vector<Summary>& summaries, Block& block);

// The tick back. Workloads that `wanted` refuses are left out, with their logs. Steady times are as they were.
void extract(const Block& block, std::size_t tick, const std::function<bool(const std::string&)>& wanted,
             Moment& moment);

}  // namespace guard::history
