#pragma once
// Reads recorded memory for `leakguard analyze`: CSV with a header (csv.h), the answer of Prometheus's query_range
// (query_range.h), or the log of a loop of `docker stats --no-stream` (docker_stats.h). All are read piece by piece, so
// that ten million rows need no more memory than ten. What is missing (empty, NaN) is handed on as missing; what is
// wrong ends the reading with the line it is in. Nothing is guessed.

#include <cstdint>
#include <functional>
#include <istream>
#include <optional>
#include <string>

#include "base/result.h"
#include "base/units.h"

namespace agent::recording {

struct RecordedSample {
  std::string series;
  std::string run;                    // "" or what changes when the workload was started anew: a container's id
  double seconds = 0;                 // Unix time, or any other beginning
  std::optional<double> bytes;        // none: the reading is missing
  std::optional<double> limit_bytes;  // where the recording tells it
};
// Refuses a sample by an error; where it stands in the recording is added to it.
using Sink = std::function<base::Status(const RecordedSample&)>;

// Of a CSV file.
struct Columns {
  std::string time = "timestamp";
  std::string memory = "memory_bytes";    // may end in a unit in brackets: "MemoryUsage(Mi)", "MemoryUsage(%)"
  std::string series;                     // "": all rows are one series, named as the memory column
  std::string run;                        // "": the recording does not tell of restarts
  std::optional<base::Bytes> limit = {};  // what a memory column in % is of
  std::string limit_column = {};          // "": the recording does not tell of limits; an empty field is none
};

// What was read past, so that nothing is left out in silence.
struct Passed {
  std::uint64_t lines = 0;       // of a docker stats log that are neither a time, a header nor a row
  std::uint64_t first_line = 0;  // of these
};

// The form is told from the first line. Errors: invalid_argument, corrupt or too_large, with the line and what was
// expected there.
base::Result<Passed> read_recording(std::istream& in, const Columns& columns, const Sink& sink);

}  // namespace agent::recording
