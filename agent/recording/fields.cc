#include "agent/recording/fields.h"

#include <algorithm>
#include <charconv>
#include <chrono>
#include <cmath>
#include <cstdio>
#include <utility>

#include "base/edit_distance.h"
#include "base/units.h"

namespace agent::recording {
namespace {

constexpr double kLatestSeconds = 1e11;

// The digits at [at, at + count) as a number; none when one is no digit.
std::optional<int> digits(std::string_view text, std::size_t at, std::size_t count) {
  if (text.size() < at + count) return std::nullopt;
  int value = 0;
  for (const char letter : text.substr(at, count)) {
    if (letter < '0' || letter > '9') return std::nullopt;
    value = value * 10 + (letter - '0');
  }
  return value;
}

// Seconds east of Greenwich: "Z", "+02:00", or none at all.
std::optional<double> zone_of(std::string_view text) {
  if (text.empty() || text == "Z" || text == "z") return 0;
  const auto hours = digits(text, 1, 2);
  const auto minutes = digits(text, 4, 2);
  if (text.size() != 6 || text[3] != ':' || !hours || !minutes || *hours > 23 || *minutes > 59) return std::nullopt;
  if (text[0] != '+' && text[0] != '-') return std::nullopt;
  return (text[0] == '-' ? -1 : 1) * (*hours * 3600.0 + *minutes * 60.0);
}

std::optional<double> parse_calendar_time(std::string_view text) {
  const auto year = digits(text, 0, 4), month = digits(text, 5, 2), day = digits(text, 8, 2);
  const auto hour = digits(text, 11, 2), minute = digits(text, 14, 2), second = digits(text, 17, 2);
  if (!year || !month || !day || !hour || !minute || !second) return std::nullopt;
  if (text[4] != '-' || text[7] != '-' || text[13] != ':' || text[16] != ':') return std::nullopt;
  if (text[10] != 'T' && text[10] != 't' && text[10] != ' ') return std::nullopt;
  const std::chrono::year_month_day date{std::chrono::year(*year), std::chrono::month(static_cast<unsigned>(*month)),
                                         std::chrono::day(static_cast<unsigned>(*day))};
  if (!date.ok() || *hour > 23 || *minute > 59 || *second > 60) return std::nullopt;
  std::size_t end = 19;
  if (end < text.size() && text[end] == '.') end = std::min(text.find_first_not_of("0123456789", end + 1), text.size());
  const auto fraction = end > 20 ? number_of("0" + std::string(text.substr(19, end - 19))) : 0.0;
  const auto zone = zone_of(text.substr(end));
  if (end == 20 || !fraction || !zone) return std::nullopt;
  const auto days = static_cast<double>(std::chrono::sys_days(date).time_since_epoch().count());
  return days * 86400 + *hour * 3600 + *minute * 60 + *second + *fraction - *zone;
}

}  // namespace

std::string_view trimmed(std::string_view text) {
  const auto first = text.find_first_not_of(" \t\r");
  if (first == std::string_view::npos) return {};
  return text.substr(first, text.find_last_not_of(" \t\r") - first + 1);
}

std::optional<double> number_of(std::string_view text) {
  double value = 0;
  const char* const end = text.data() + text.size();
  const auto [rest, error] = std::from_chars(text.data(), end, value);
  if (error != std::errc{} || rest != end || !std::isfinite(value)) return std::nullopt;
  return value;
}

bool is_missing(std::string_view text) {
  return text.empty() || text == "NaN" || text == "nan" || text == "NAN" || text == "null" || text == "--";
}

std::optional<double> parse_time(std::string_view text) {
  if (const auto seconds = number_of(text)) return std::fabs(*seconds) < kLatestSeconds ? seconds : std::nullopt;
  return parse_calendar_time(text);
}

std::string format_time(double seconds) {
  constexpr double kYears = 1e8;  // a recording that begins at 0 is not yet this long
  char text[64];
  if (seconds < kYears || seconds >= kLatestSeconds) {
    std::snprintf(text, sizeof text, "%.0f s", seconds);
    return text;
  }
  const auto whole = static_cast<std::int64_t>(seconds);
  const std::chrono::year_month_day date{std::chrono::sys_days(std::chrono::days(whole / 86400))};
  const auto of_day = static_cast<int>(whole % 86400);
  std::snprintf(text, sizeof text, "%04d-%02u-%02uT%02d:%02d:%02dZ", static_cast<int>(date.year()),
                static_cast<unsigned>(date.month()), static_cast<unsigned>(date.day()), of_day / 3600, of_day / 60 % 60,
                of_day % 60);
  return text;
}

std::optional<double> docker_size(std::string_view text) {
  const std::size_t digits_end = std::min(text.find_first_not_of("0123456789."), text.size());
  const auto value = number_of(text.substr(0, digits_end));
  std::string_view unit = text.substr(digits_end);
  if (!value || !unit.ends_with('B')) return std::nullopt;
  unit.remove_suffix(1);
  const bool is_binary = unit.ends_with('i');
  if (is_binary) unit.remove_suffix(1);
  if (unit.empty()) return is_binary ? std::nullopt : value;
  const auto power = std::string_view("kMGTP").find(unit == "K" ? 'k' : unit[0]);
  if (unit.size() != 1 || power == std::string_view::npos) return std::nullopt;
  return *value * std::pow(is_binary ? 1024 : 1000, static_cast<double>(power) + 1);
}

bool split_row(std::string_view row, std::vector<std::string>& fields) {
  std::size_t count = 0;
  const auto next_field = [&]() -> std::string& {
    if (count == fields.size()) fields.emplace_back();
    return fields[count++];
  };
  for (bool more = true; more;) {
    std::string& field = next_field();
    row = row.substr(std::min(row.find_first_not_of(" \t"), row.size()));
    if (!row.starts_with('"')) {
      const auto comma = row.find(',');
      field = trimmed(row.substr(0, comma));
      more = comma != std::string_view::npos;
      row = more ? row.substr(comma + 1) : std::string_view();
      continue;
    }
    field.clear();
    for (row.remove_prefix(1);; row.remove_prefix(2)) {
      const auto quote = row.find('"');
      if (quote == std::string_view::npos) return false;
      field += row.substr(0, quote);
      row.remove_prefix(quote);
      if (!row.starts_with("\"\"")) break;
      field += '"';
    }
    row = trimmed(row.substr(1));
    if (!row.empty() && row[0] != ',') return false;
    more = !row.empty();
    if (more) row.remove_prefix(1);
  }
  fields.resize(count);
  return true;
}

base::Result<double> scale_of(std::string_view column, std::optional<base::Bytes> limit) {
  const auto open = column.rfind('(');
  if (open == std::string_view::npos || !column.ends_with(')')) return 1.0;
  const std::string unit(column.substr(open + 1, column.size() - open - 2));
  for (const std::string& size : {"1" + unit, "1" + unit + "B"}) {  // the second for "Mi"
    if (unit.empty() || unit.find_first_of("0123456789.") != std::string::npos) break;
    if (const auto bytes = base::parse_bytes(size)) return static_cast<double>(bytes->count);
  }
  if (unit == "bytes") return 1.0;
  if (unit == "%" && limit) return static_cast<double>(limit->count) / 100;
  if (unit == "%") {
    return base::fail(base::Code::invalid_argument,
                      "column '" + std::string(column) + "' is in % of what? Say how much 100 % is: --limit SIZE");
  }
  return base::fail(base::Code::invalid_argument,
                    "column '" + std::string(column) + "': '" + unit + "' is not a unit of memory such as Mi");
}

const std::string& nearest_of(const std::vector<std::string>& names, const std::string& name) {
  return *std::min_element(names.begin(), names.end(), [&](const auto& a, const auto& b) {
    return base::edit_distance(a, name) < base::edit_distance(b, name);
  });
}

}  // namespace agent::recording
