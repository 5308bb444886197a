#include "guard/source/docker/json.h"

#include <algorithm>
#include <cmath>
#include <limits>

namespace guard::source {

base::Result<Json> parse_json(std::string_view text, std::string_view what) {
  Json json = Json::parse(text, nullptr, false);
  if (json.is_discarded()) return base::fail(base::Code::corrupt, std::string(what) + ": not JSON");
  return json;
}

const Json* at(const Json& from, JsonPath path) {
  const Json* json = &from;
  for (const char* key : path) {
    if (!json->is_object()) return nullptr;
    const auto found = json->find(key);
    if (found == json->end() || found->is_null()) return nullptr;
    json = &*found;
  }
  return json;
}

std::string text_at(const Json& from, JsonPath path) {
  const Json* json = at(from, path);
  return json && json->is_string() ? json->get<std::string>() : std::string();
}

bool flag_at(const Json& from, JsonPath path) {
  const Json* json = at(from, path);
  return json && json->is_boolean() && json->get<bool>();
}

std::optional<std::int64_t> number_at(const Json& from, JsonPath path) {
  constexpr auto kMost = std::numeric_limits<std::int64_t>::max();
  const Json* json = at(from, path);
  if (!json || !json->is_number()) return std::nullopt;
  if (json->is_number_unsigned())
    return static_cast<std::int64_t>(std::min(json->get<std::uint64_t>(), static_cast<std::uint64_t>(kMost)));
  if (json->is_number_integer()) return json->get<std::int64_t>();
  const double value = json->get<double>();
  if (value >= static_cast<double>(kMost)) return kMost;
  if (!(std::abs(value) < static_cast<double>(kMost))) return std::nullopt;
  return static_cast<std::int64_t>(value);
}

std::optional<std::int64_t> positive_at(const Json& from, JsonPath path) {
  const auto number = number_at(from, path);
  return number && *number > 0 ? number : std::nullopt;
}

}  // namespace guard::source
