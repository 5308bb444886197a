#pragma once
// Reads recorded memory for `leakguard analyze`: CSV with a header (csv.h), a query_range response of Prometheus
// (query_range.h), or a log of `docker stats --no-stream` (docker_stats.h). All are read incrementally, so the number
// of rows does not matter. Missing readings (empty, NaN) stay missing; invalid ones end the reading with their line.

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
  std::string run;                    // "", or a value that changes with each start: a container ID
  double seconds = 0;                 // Unix time, or from any other start
  std::optional<double> bytes;        // absent: missing reading
  std::optional<double> limit_bytes;  // where the recording has it
};
// Returns an error to reject a sample; its position in the recording is added.
using Sink = std::function<base::Status(const RecordedSample&)>;

// The columns of a CSV file.
struct Columns {
  std::string time = "timestamp";
  std::string memory = "memory_bytes";    // may end in a unit in brackets: "MemoryUsage(Mi)", "MemoryUsage(%)"
  std::string series;                     // "": all rows are one series, named after the memory column
  std::string run;                        // "": restarts are unknown
  std::optional<base::Bytes> limit = {};  // the limit for a memory column in %
  std::string limit_column = {};          // "": limits are unknown; an empty field: no limit
};

// Skipped lines, to be reported.
struct Passed {
  std::uint64_t lines = 0;       // lines of a docker stats log that are neither a time, a header nor a row
  std::uint64_t first_line = 0;  // the first of them
};

// Detects the format from the first line. Errors: invalid_argument, corrupt or too_large, with the line and what was
// expected there.
base::Result<Passed> read_recording(std::istream& in, const Columns& columns, const Sink& sink);

}  // namespace agent::recording
