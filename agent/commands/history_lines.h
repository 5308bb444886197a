#pragma once
// The history's samples as lines of text: CSV that `leakguard analyze` reads, or JSON with everything that was seen.

#include <string>

#include "guard/history/reader.h"

namespace agent {

// The header of the CSV form, with its line end.
std::string csv_header();

// One workload of a moment, with its line end. `memory_bytes` is what the leak detector judges (anonymous, shared and
// kernel memory where known, else the working set), and limit_bytes the smallest limit in force; what was absent, and
// a limit that there is none of, is empty.
std::string csv_line(const guard::history::Moment& moment, std::size_t workload);

// The same as one JSON object; what was absent has no key.
std::string json_line(const guard::history::Moment& moment, std::size_t workload);

}  // namespace agent
