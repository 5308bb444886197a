#pragma once
// Pure parsers for the fields of a recording: numbers, times, sizes, CSV rows.

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"
#include "base/units.h"

namespace agent::recording {

// Without leading and trailing blanks.
std::string_view trimmed(std::string_view text);

// A finite number and nothing else.
std::optional<double> number_of(std::string_view text);

// What recorders write for a missing reading: nothing, NaN, null, "--".
bool is_missing(std::string_view text);

// Seconds: a plain number, or RFC 3339 such as 2026-01-02T03:04:05Z as Unix time (a blank instead of the T is accepted;
// UTC without a zone). Milliseconds (a time after the year 5000) are not accepted.
std::optional<double> parse_time(std::string_view text);

// "2026-01-02T03:04:05Z"; "3600 s" when not Unix time.
std::string format_time(double seconds);

// Bytes of a size as docker stats prints it: "12.5MiB" is binary, "12.5MB" decimal.
std::optional<double> docker_size(std::string_view text);

// Splits a CSV row (RFC 4180) into trimmed fields. False when a quoted field does not end in this line.
bool split_row(std::string_view row, std::vector<std::string>& fields);

// The factor to bytes of a column, by the unit in brackets at the end of its name; 1 without a unit. Units are binary:
// Mi, MiB and MB are 2^20. % is of `limit`.
base::Result<double> scale_of(std::string_view column, std::optional<base::Bytes> limit = std::nullopt);

// The most similar of `names`. REQUIRES: `names` is not empty.
const std::string& nearest_of(const std::vector<std::string>& names, const std::string& name);

}  // namespace agent::recording
