#include "agent/recording/csv.h"

#include <algorithm>

#include "agent/recording/fields.h"

namespace agent::recording {
namespace {

using base::Code;

constexpr const char* kUsualNames[] = {"name", "container", "container_name", "pod", "workload", "instance", "series"};

}  // namespace

base::Result<std::optional<CsvParser::Place>> CsvParser::find(const std::string& name, const char* flag) const {
  if (name.empty()) return std::optional<Place>();
  const auto found = std::find(header_.begin(), header_.end(), name);
  if (found == header_.end()) {
    return base::fail(Code::invalid_argument,
                      "no column '" + name + "'; nearest: '" + nearest_of(header_, name) + "' (" + flag + ")");
  }
  if (std::find(found + 1, header_.end(), name) != header_.end())
    return base::fail(Code::invalid_argument, "more than one column '" + name + "' (" + flag + ")");
  return std::optional<Place>({static_cast<std::size_t>(found - header_.begin()), name});
}

base::Result<CsvParser> CsvParser::from_header(std::string_view header, const Columns& columns) {
  CsvParser parser;
  if (!split_row(header, parser.header_)) return base::fail(Code::corrupt, "a quote without its end");
  struct Wanted {
    std::optional<Place>& place;
    const std::string& name;
    const char* flag;
  };
  for (const auto& wanted :
       {Wanted{parser.time_, columns.time, "--time-column"}, Wanted{parser.memory_, columns.memory, "--column"},
        Wanted{parser.series_, columns.series, "--series-column"}, Wanted{parser.run_, columns.run, "--run-column"},
        Wanted{parser.limit_, columns.limit_column, "--limit-column"}}) {
    auto place = parser.find(wanted.name, wanted.flag);
    if (!place) return base::fail(place.error());
    wanted.place = *place;
  }
  if (!parser.time_ || !parser.memory_) return base::fail(Code::invalid_argument, "a column without a name");
  const auto scale = scale_of(columns.memory, columns.limit);
  if (!scale) return base::fail(scale.error());
  parser.scale_ = *scale;
  const auto limit_scale = scale_of(columns.limit_column, columns.limit);
  if (!limit_scale) return base::fail(limit_scale.error());
  parser.limit_scale_ = *limit_scale;
  parser.sample_.series = columns.memory;
  for (const char* usual : kUsualNames) {
    const auto place = parser.series_ ? std::optional<Place>() : parser.find(usual, "").value_or(std::nullopt);
    if (place && !parser.unasked_ && usual != columns.run) parser.unasked_ = place;
  }
  return parser;
}

base::Status CsvParser::check_mixture() {
  if (!unasked_) return {};
  const std::string& name = fields_[unasked_->index];
  if (!first_name_) first_name_ = name;
  if (name != *first_name_) {
    has_left_first_ = true;
  } else if (has_left_first_) {
    return base::fail(Code::corrupt, "rows of several workloads take turns: add --series-column '" + unasked_->name +
                                         "' to tell them apart");
  }
  return {};
}

base::Status CsvParser::read_row(std::string_view row) {
  if (!split_row(row, fields_)) return base::fail(Code::corrupt, "a quote that does not end in its line");
  if (fields_.size() != header_.size()) {
    return base::fail(Code::corrupt, std::to_string(fields_.size()) + " fields where the header has " +
                                         std::to_string(header_.size()));
  }
  return check_mixture();
}

base::Result<const RecordedSample*> CsvParser::parse(std::string_view row) {
  if (const auto read = read_row(row); !read) return base::fail(read.error());
  const auto seconds = parse_time(fields_[time_->index]);
  if (!seconds) {
    return base::fail(Code::corrupt, "'" + fields_[time_->index] +
                                         "' is not a time: Unix seconds (not milliseconds), or such as "
                                         "2026-01-02T03:04:05Z");
  }
  sample_.seconds = *seconds;
  if (series_) sample_.series = fields_[series_->index];
  if (run_) sample_.run = fields_[run_->index];
  const auto bytes = size_in(*memory_, scale_);
  if (!bytes) return base::fail(bytes.error());
  sample_.bytes = *bytes;
  if (limit_) {
    const auto limit = size_in(*limit_, limit_scale_);
    if (!limit) return base::fail(limit.error());
    sample_.limit_bytes = *limit;
  }
  return &sample_;
}

base::Result<std::optional<double>> CsvParser::size_in(const Place& place, double scale) const {
  const std::string& field = fields_[place.index];
  if (is_missing(field)) return std::optional<double>();
  const auto value = number_of(field);
  if (!value) {
    return base::fail(Code::corrupt,
                      "'" + field + "' is not a number; the unit belongs into the column's name, as in memory(Mi)");
  }
  return std::optional(*value * scale);
}

}  // namespace agent::recording
