#pragma once
// Parses the log of a loop such as
//   while sleep 10; do date -u +%FT%TZ; docker stats --no-stream; done
// line by line, also with `--format '{{json .}}'`, with a format that has {{.Name}} first and {{.MemUsage}}, and with
// the time in front of each line. Pure: knows no file and no line number.

#include <optional>
#include <string_view>

#include "agent/recording/recording.h"

namespace agent::recording {

class DockerStatsParser {
 public:
  struct Line {
    std::optional<RecordedSample> sample;
    bool is_foreign = false;  // not a line of such a log
  };

  // Whether such a log may start with this line.
  static bool looks_like(std::string_view line);

  // Errors: corrupt (also a row without a known time).
  base::Result<Line> parse(std::string_view line);

 private:
  base::Result<Line> row_of(std::string_view row) const;

  std::optional<double> now_;
  bool is_new_ = false;  // no table has used now_ yet
};

}  // namespace agent::recording
