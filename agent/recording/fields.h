#pragma once
// The words of a recording's fields: numbers, times, sizes, the fields of a row. Pure parsers.

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"
#include "base/units.h"

namespace agent::recording {

// Without blanks around it.
std::string_view trimmed(std::string_view text);

// A finite number; nothing else may stand beside it.
std::optional<double> number_of(std::string_view text);

// What recorders write where there was no reading: nothing, NaN, null, "--".
bool is_missing(std::string_view text);

// Seconds: a bare number of them, or RFC 3339 such as 2026-01-02T03:04:05Z as Unix time; a blank instead of the T will
// do, and a time without a zone is UTC. Milliseconds, as far as they can be told (a time after the year 5000), are no
// time.
std::optional<double> parse_time(std::string_view text);

// "2026-01-02T03:04:05Z"; seconds that do not count from 1970 as "3600 s".
std::string format_time(double seconds);

// Bytes of a size as docker stats prints it: "12.5MiB" is binary, "12.5MB" decimal.
std::optional<double> docker_size(std::string_view text);

// The fields of one CSV row (RFC 4180: quotes around commas, doubled quotes within), without blanks around them. False
// when a quote does not end in this line.
bool split_row(std::string_view row, std::vector<std::string>& fields);

// How many bytes one of a column's numbers is, by the unit in brackets at its name's end; 1 without. Units are binary
// as in all of leakguard's options: Mi, MiB and MB are 2^20. % is of `limit`.
base::Result<double> scale_of(std::string_view column, std::optional<base::Bytes> limit = std::nullopt);

// The one of `names`, which are not empty, that is spelt most like `name`.
const std::string& nearest_of(const std::vector<std::string>& names, const std::string& name);

}  // namespace agent::recording
