#include "chatcore/api/delta_merge.h"

#include <algorithm>

namespace chatcore::api {
namespace {

OrderedJson parsed(std::string_view object) {
  auto document = OrderedJson::parse(object, nullptr, false);
  return document.is_object() ? document : OrderedJson::object();
}

void put_together(OrderedJson& whole, const OrderedJson& delta);

// Entries with the same index are merged; an entry without an index is added.
void put_lists_together(OrderedJson& whole, const OrderedJson& delta) {
  for (const auto& entry : delta) {
    const auto index = entry.is_object() ? entry.find("index") : entry.end();
    const auto known =
        index == entry.end() ? whole.end() : std::find_if(whole.begin(), whole.end(), [&](const OrderedJson& other) {
          return other.is_object() && other.contains("index") && other["index"] == *index;
        });
    if (known == whole.end())
      whole.push_back(entry);
    else
      put_together(*known, entry);
  }
}

// Merges deltas into a message as OpenAI's own clients do. Some backends repeat a call's name and id in each delta.
void put_together(OrderedJson& whole, const OrderedJson& delta) {
  for (const auto& [name, value] : delta.items()) {
    auto& place = whole[name];
    const bool is_word = name == "id" || name == "type" || name == "index" || (name == "name" && place == value);
    if (place.is_null() || (is_word && value != ""))
      place = value;
    else if (is_word)
      continue;
    else if (place.is_string() && value.is_string())
      place.get_ref<std::string&>() += value.get_ref<const std::string&>();
    else if (place.is_object() && value.is_object())
      put_together(place, value);
    else if (place.is_array() && value.is_array())
      put_lists_together(place, value);
    else
      place = value;
  }
}

}  // namespace

OrderedJson merged_deltas(const std::vector<std::string>& deltas) {
  OrderedJson fields = OrderedJson::object();
  for (const auto& delta : deltas) {
    // Also for the first delta: entries of one list may have to be merged.
    OrderedJson merged = parsed(delta);
    for (auto& [name, value] : merged.items()) {
      if (value.is_array() && !fields.contains(name)) fields[name] = OrderedJson::array();
    }
    put_together(fields, merged);
  }
  if (!fields.contains("tool_calls")) return fields;
  for (auto& call : fields["tool_calls"]) {
    if (!call.is_object()) continue;
    call.erase("index");
    if (!call.contains("type")) call["type"] = "function";
  }
  return fields;
}

}  // namespace chatcore::api
