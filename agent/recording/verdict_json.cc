#include "agent/recording/verdict_json.h"

#include <nlohmann/json.hpp>

namespace agent::recording {
namespace {

using nlohmann::ordered_json;

template <class Value>
ordered_json or_null(const std::optional<Value>& value) {
  return value ? ordered_json(*value) : ordered_json(nullptr);
}

ordered_json series_of(const Verdict& verdict) {
  const auto& left = verdict.time_to_limit;
  return {{"name", verdict.name},
          {"verdict", std::string(guard::signal::name_of(verdict.state))},
          {"growth_bytes_per_hour", or_null(verdict.bytes_per_hour)},
          {"growth_low", or_null(verdict.low_per_hour)},
          {"growth_high", or_null(verdict.high_per_hour)},
          {"limit_bytes", or_null(verdict.limit_bytes)},
          {"time_to_limit_seconds", left ? ordered_json(left->seconds) : ordered_json(nullptr)},
          {"first_leaking_at", or_null(verdict.first_leaking_at)},
          {"samples", verdict.samples},
          {"span_seconds", verdict.span_seconds},
          {"evidence", verdict.evidence}};
}

}  // namespace

std::string verdicts_as_json(const std::vector<Verdict>& verdicts) {
  ordered_json document = {{"series", ordered_json::array()}};
  for (const Verdict& verdict : verdicts) document["series"].push_back(series_of(verdict));
  return document.dump(2, ' ', false, ordered_json::error_handler_t::replace);
}

}  // namespace agent::recording
