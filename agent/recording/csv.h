#pragma once
// Parses CSV with a header, row by row. Pure: knows no file and no line number.

#include <optional>
#include <string_view>
#include <vector>

#include "agent/recording/recording.h"

namespace agent::recording {

class CsvParser {
 public:
  // Errors: invalid_argument (a missing column, with the nearest existing one).
  static base::Result<CsvParser> from_header(std::string_view header, const Columns& columns);

  // The sample of one row, valid until the next call. Errors: corrupt, with the field.
  base::Result<const RecordedSample*> parse(std::string_view row);

 private:
  struct Place {  // position of a requested column
    std::size_t index = 0;
    std::string name;
  };
  base::Result<std::optional<Place>> find(const std::string& name, const char* flag) const;
  base::Status read_row(std::string_view row);
  base::Status check_mixture();
  base::Result<std::optional<double>> size_in(const Place& place, double scale) const;

  std::vector<std::string> header_;
  std::vector<std::string> fields_;
  std::optional<Place> time_;
  std::optional<Place> memory_;
  std::optional<Place> series_;
  std::optional<Place> run_;
  std::optional<Place> limit_;
  double limit_scale_ = 1;
  double scale_ = 1;
  RecordedSample sample_;
  // Detects rows of several workloads without --series-column: a column that usually names workloads alternates.
  std::optional<Place> unasked_;
  std::optional<std::string> first_name_;
  bool has_left_first_ = false;
};

}  // namespace agent::recording
