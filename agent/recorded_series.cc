#include "agent/recorded_series.h"

#include <algorithm>
#include <charconv>
#include <chrono>
#include <cmath>
#include <cstdio>
#include <iterator>
#include <limits>
#include <sstream>
#include <vector>

#include "base/units.h"

namespace agent {
namespace {

using base::Code;
using base::Status;

constexpr std::size_t kMostLineBytes = 1 << 16;

std::string trimmed(const std::string& text) {
  const auto first = text.find_first_not_of(" \t\r\"");
  if (first == std::string::npos) return {};
  return text.substr(first, text.find_last_not_of(" \t\r\"") - first + 1);
}

std::vector<std::string> fields_of(const std::string& line) {
  std::vector<std::string> fields;
  std::istringstream in(line);
  for (std::string field; std::getline(in, field, ',');) fields.push_back(trimmed(field));
  if (!line.empty() && line.back() == ',') fields.emplace_back();
  return fields;
}

std::optional<double> number_of(const std::string& text) {
  double value = 0;
  const auto end = text.data() + text.size();
  const auto [rest, error] = std::from_chars(text.data(), end, value);
  if (error != std::errc{} || rest != end) return std::nullopt;
  return value;
}

bool is_missing(const std::string& text) {
  return text.empty() || text == "NaN" || text == "nan" || text == "null" || text == "--";
}

// Edit distance, for the nearest name.
std::size_t distance(const std::string& a, const std::string& b) {
  std::vector<std::size_t> row(b.size() + 1);
  for (std::size_t j = 0; j <= b.size(); ++j) row[j] = j;
  for (std::size_t i = 1; i <= a.size(); ++i) {
    std::size_t diagonal = std::exchange(row[0], i);
    for (std::size_t j = 1; j <= b.size(); ++j) {
      const std::size_t change = diagonal + (a[i - 1] == b[j - 1] ? 0 : 1);
      diagonal = std::exchange(row[j], std::min({change, row[j] + 1, row[j - 1] + 1}));
    }
  }
  return row[b.size()];
}

base::Result<std::size_t> find_column(const std::vector<std::string>& header, const std::string& name,
                                      const char* flag) {
  const auto found = std::find(header.begin(), header.end(), name);
  if (found != header.end()) return static_cast<std::size_t>(found - header.begin());
  const auto nearest = std::min_element(header.begin(), header.end(), [&](const auto& a, const auto& b) {
    return distance(a, name) < distance(b, name);
  });
  return base::fail(Code::invalid_argument,
                    "line 1: no column '" + name + "'; nearest: '" + *nearest + "' (" + flag + ")");
}

// What one unit of the column is in bytes, by the unit in brackets at its name's end.
base::Result<double> scale_of(const std::string& column) {
  const auto open = column.rfind('(');
  if (open == std::string::npos || column.back() != ')') return 1.0;
  const std::string unit = column.substr(open + 1, column.size() - open - 2);
  if (unit == "%") return base::fail(Code::invalid_argument, "column '" + column + "' is a share, not a size");
  const auto bytes = base::parse_bytes("1" + unit);
  if (bytes) return static_cast<double>(bytes->count);
  const auto whole = base::parse_bytes("1" + unit + "B");  // "Mi"
  if (whole) return static_cast<double>(whole->count);
  return base::fail(Code::invalid_argument, "column '" + column + "': '" + unit + "' is no unit of memory");
}

Status at_line(std::uint64_t line, const std::string& what) {
  return base::fail(Code::corrupt, "line " + std::to_string(line) + ": " + what);
}

Status hand_over(const RecordedSample& sample, const RecordedSink& sink) {
  const Status taken = sink(sample);
  if (taken) return {};
  return at_line(sample.line, taken.error().message);
}

Status read_csv(std::istream& in, const std::string& first, const RecordedColumns& columns, const RecordedSink& sink) {
  const auto header = fields_of(first);
  const auto time = find_column(header, columns.time, "--time-column");
  if (!time) return base::fail(time.error());
  const auto memory = find_column(header, columns.memory, "--column");
  if (!memory) return base::fail(memory.error());
  const auto scale = scale_of(columns.memory);
  if (!scale) return base::fail(scale.error());
  RecordedSample sample{columns.memory, 0, {}, {}, 1};
  for (std::string line; std::getline(in, line);) {
    ++sample.line;
    if (line.size() > kMostLineBytes) return at_line(sample.line, "longer than any row of a series");
    if (trimmed(line).empty()) continue;
    const auto fields = fields_of(line);
    if (fields.size() != header.size())
      return at_line(sample.line,
                     std::to_string(fields.size()) + " fields where the header has " + std::to_string(header.size()));
    const auto seconds = parse_time(fields[*time]);
    if (!seconds)
      return at_line(sample.line, "'" + fields[*time] + "' is no time: Unix seconds, or such as 2026-01-02T03:04:05Z");
    sample.seconds = *seconds;
    sample.bytes.reset();
    if (!is_missing(fields[*memory])) {
      const auto value = number_of(fields[*memory]);
      if (!value || std::isinf(*value))
        return at_line(sample.line, "'" + fields[*memory] + "' is no number of the unit that the header gives");
      sample.bytes = *value * *scale;
    }
    if (auto taken = hand_over(sample, sink); !taken) return taken;
  }
  return {};
}

// "12.5MiB" of docker stats: binary with an i, else decimal.
std::optional<double> docker_size(const std::string& text) {
  double value = 0;
  char unit[8] = "";
  if (std::sscanf(text.c_str(), "%lf%7s", &value, unit) < 1) return std::nullopt;
  const std::string name = unit;
  constexpr const char* kPrefixes = "kMGTP";
  if (name == "B") return value;
  for (int power = 1; kPrefixes[power - 1] != '\0'; ++power) {
    const std::string prefix(1, kPrefixes[power - 1]);
    if (name == prefix + "B") return value * std::pow(1000, power);
    if (name == prefix + "iB" || (power == 1 && name == "KiB")) return value * std::pow(1024, power);
  }
  return std::nullopt;
}

// Lines with a time alone (from `date`) or in front; the table's own header is passed over; a row has "USAGE / LIMIT".
Status read_docker_stats(std::istream& in, const std::string& first, const RecordedSink& sink) {
  std::optional<double> now;
  RecordedSample sample;
  std::string line = first;
  do {
    ++sample.line;
    if (line.size() > kMostLineBytes) return at_line(sample.line, "longer than any line of docker stats");
    std::istringstream words(line);
    std::vector<std::string> all{std::istream_iterator<std::string>(words), {}};
    std::size_t begin = 0;
    if (!all.empty()) {
      if (const auto time = parse_time(all[0])) now = time, begin = 1;
    }
    const auto slash = std::find(all.begin() + static_cast<std::ptrdiff_t>(begin), all.end(), "/");
    const auto place = static_cast<std::size_t>(slash - all.begin());
    if (slash == all.end() || place < begin + 2 || place + 1 >= all.size() || all[begin] == "CONTAINER") continue;
    if (!now) return at_line(sample.line, "no time before the first row: put `date -u +%FT%TZ` into the loop");
    const auto used = docker_size(all[place - 1]);
    if (!used && !is_missing(all[place - 1])) return at_line(sample.line, "'" + all[place - 1] + "' is no size");
    sample.series = place >= begin + 4 ? all[begin + 1] : all[begin];
    sample.seconds = *now;
    sample.bytes = used;
    sample.limit_bytes = docker_size(all[place + 1]);
    if (auto taken = hand_over(sample, sink); !taken) return taken;
  } while (std::getline(in, line));
  return {};
}

}  // namespace

std::optional<double> parse_time(const std::string& text) {
  if (const auto seconds = number_of(text)) return std::isfinite(*seconds) ? seconds : std::nullopt;
  int year = 0, month = 0, day = 0, hour = 0, minute = 0, used = 0;
  double second = 0;
  if (std::sscanf(text.c_str(), "%4d-%2d-%2d%*1[Tt ]%2d:%2d:%lf%n", &year, &month, &day, &hour, &minute, &second,
                  &used) != 6 ||
      used == 0)
    return std::nullopt;
  const std::chrono::year_month_day date{std::chrono::year(year), std::chrono::month(static_cast<unsigned>(month)),
                                         std::chrono::day(static_cast<unsigned>(day))};
  if (!date.ok() || hour > 23 || minute > 59 || second >= 61 || hour < 0 || minute < 0 || second < 0)
    return std::nullopt;
  const std::string zone = text.substr(static_cast<std::size_t>(used));
  double offset = 0;
  int zone_hours = 0, zone_minutes = 0;
  if (zone.size() == 6 && (zone[0] == '+' || zone[0] == '-') &&
      std::sscanf(zone.c_str() + 1, "%2d:%2d", &zone_hours, &zone_minutes) == 2)
    offset = (zone[0] == '-' ? -1 : 1) * (zone_hours * 3600 + zone_minutes * 60);
  else if (zone != "Z" && zone != "z")
    return std::nullopt;
  const double days = static_cast<double>(std::chrono::sys_days(date).time_since_epoch().count());
  return days * 86400 + hour * 3600 + minute * 60 + second - offset;
}

Status read_recording(std::istream& in, const RecordedColumns& columns, const RecordedSink& sink) {
  std::string first;
  if (!std::getline(in, first)) return base::fail(Code::corrupt, "line 1: there is nothing in it");
  if (first.starts_with("\xEF\xBB\xBF")) first.erase(0, 3);
  const std::string text = trimmed(first);
  if (text.starts_with("{")) {
    constexpr std::size_t kMostBytes = 256 << 20;
    std::string document = first + "\n";
    std::vector<char> part(1 << 16);
    while (in.read(part.data(), static_cast<std::streamsize>(part.size())), in.gcount() > 0) {
      document.append(part.data(), static_cast<std::size_t>(in.gcount()));
      if (document.size() > kMostBytes)
        return base::fail(Code::too_large, "a JSON document of more than 256 MiB: ask for a coarser step");
    }
    return read_query_range(document, sink);
  }
  if (text.find(',') != std::string::npos) return read_csv(in, first, columns, sink);
  return read_docker_stats(in, first, sink);
}

}  // namespace agent
