#pragma once
// The log of a loop such as
//   while sleep 10; do date -u +%FT%TZ; docker stats --no-stream; done
// line by line, also with `--format '{{json .}}'` or a format of fields that has {{.Name}} first and {{.MemUsage}} in
// it, and with the time in front of each line instead. Pure: knows no file and no line number.

#include <optional>
#include <string_view>

#include "agent/recording/recording.h"

namespace agent::recording {

class DockerStatsParser {
 public:
  struct Line {
    std::optional<RecordedSample> sample;
    bool is_foreign = false;  // none of the log's lines
  };

  // Whether a log may begin with this line.
  static bool looks_like(std::string_view line);

  // Errors: corrupt; a row whose time is not known is never given another's.
  base::Result<Line> parse(std::string_view line);

 private:
  base::Result<Line> row_of(std::string_view row) const;

  std::optional<double> now_;
  bool is_new_ = false;  // now_ was not yet used by a table
};

}  // namespace agent::recording
