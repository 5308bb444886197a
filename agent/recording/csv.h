#pragma once
// CSV with a header, row by row. Pure: knows no file and no line number.

#include <optional>
#include <string_view>
#include <vector>

#include "agent/recording/recording.h"

namespace agent::recording {

class CsvParser {
 public:
  // Errors: invalid_argument; a column that is not there is told with the nearest that is.
  static base::Result<CsvParser> from_header(std::string_view header, const Columns& columns);

  // The sample of one row, which lives until the next call. Errors: corrupt, with what is wrong in which field.
  base::Result<const RecordedSample*> parse(std::string_view row);

 private:
  struct Place {  // of a column, when it was asked for
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
  // Rows of several workloads that nobody asked to tell apart: seen when a column that usually names them goes back and
  // forth.
  std::optional<Place> unasked_;
  std::optional<std::string> first_name_;
  bool has_left_first_ = false;
};

}  // namespace agent::recording
