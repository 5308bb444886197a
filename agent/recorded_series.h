#pragma once
// Reads recorded memory for `leakguard analyze`: CSV with a header, the answer of Prometheus's query_range, or the log
// of a loop of `docker stats --no-stream`. CSV and logs are read line by line, so that ten million rows need no more
// memory than ten. What is missing (empty, NaN) is counted; what is wrong ends the reading with the line it is in.

#include <cstdint>
#include <functional>
#include <istream>
#include <optional>
#include <string>

#include "base/result.h"

namespace agent {

struct RecordedSample {
  std::string series;
  double seconds = 0;                 // Unix time
  std::optional<double> bytes;        // none: the reading is missing
  std::optional<double> limit_bytes;  // where the recording tells it
  std::uint64_t line = 0;
};
// Refuses a sample by an error; the line is added to it.
using RecordedSink = std::function<base::Status(const RecordedSample&)>;

struct RecordedColumns {
  std::string time = "timestamp";
  std::string memory = "memory_bytes";  // may end in a unit in brackets: "MemoryUsage(Mi)"
};

// The form is told from the first line. Errors: invalid_argument or corrupt, with line and what was expected.
base::Status read_recording(std::istream& in, const RecordedColumns& columns, const RecordedSink& sink);

// Prometheus's answer, whole; series are named by their labels.
base::Status read_query_range(const std::string& document, const RecordedSink& sink);

// Unix seconds, or RFC 3339 such as 2026-01-02T03:04:05Z.
std::optional<double> parse_time(const std::string& text);

}  // namespace agent
