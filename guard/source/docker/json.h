#pragma once
// Reading fields of the engine's JSON without exceptions: a field that is missing, null or of another type is
// simply not there. Included by the engine's parsers alone, which keep JSON out of their own headers.

#include <cstdint>
#include <initializer_list>
#include <optional>
#include <string>
#include <string_view>

#include <nlohmann/json.hpp>

#include "base/result.h"

namespace guard::source {

using Json = nlohmann::json;
using JsonPath = std::initializer_list<const char*>;  // keys from the outermost object inwards

// corrupt, naming `what`.
base::Result<Json> parse_json(std::string_view text, std::string_view what);

// The value at the end of the path; null is as good as missing.
const Json* at(const Json& from, JsonPath path);
// "" when it is not a text.
std::string text_at(const Json& from, JsonPath path);
bool flag_at(const Json& from, JsonPath path);
// Counters are 64 bits unsigned in the engine, and some versions write the largest as 1.8446744073709552e+19: what
// is above INT64_MAX is INT64_MAX.
std::optional<std::int64_t> number_at(const Json& from, JsonPath path);
// 0 and −1 are the engine's ways to say "no cap".
std::optional<std::int64_t> positive_at(const Json& from, JsonPath path);

}  // namespace guard::source
