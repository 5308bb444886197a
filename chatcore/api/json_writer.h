#pragma once
// For the builders of replies (*_replies.cc, replies.cc) alone: JSON as clients get it.

#include <chrono>
#include <cstdint>
#include <string>

#include <nlohmann/json.hpp>

#include "base/clock.h"

namespace chatcore::api {

// Fields stay in the order in which they are written, which people reading them will thank us for.
using OrderedJson = nlohmann::ordered_json;

// Bytes that are not UTF-8 are replaced, so that no answer is unreadable because of one of them.
inline std::string text_of(const OrderedJson& document) {
  return document.dump(-1, ' ', false, OrderedJson::error_handler_t::replace);
}

// `data: {…}` and a blank line.
inline std::string event_of(const OrderedJson& document) { return "data: " + text_of(document) + "\n\n"; }

inline std::int64_t unix_seconds(base::WallTime time) {
  return std::chrono::duration_cast<std::chrono::seconds>(time.time_since_epoch()).count();
}

// A list as OpenAI pages through it; `first` and `last` are the ids of its ends, "" when it is empty.
inline OrderedJson list_of(OrderedJson entries, const std::string& first, const std::string& last, bool has_more) {
  const auto id_or_null = [](const std::string& id) { return id.empty() ? OrderedJson() : OrderedJson(id); };
  return {{"object", "list"},
          {"data", std::move(entries)},
          {"first_id", id_or_null(first)},
          {"last_id", id_or_null(last)},
          {"has_more", has_more}};
}

}  // namespace chatcore::api
