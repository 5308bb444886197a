#pragma once
// How clients name a message: "msg_" and its place, with its conversation's mark in front, so that ids of two
// conversations differ and an id in the wrong conversation names nothing. If chatcore generated the conversation's id,
// the mark is that id, so that a message can be found by its own id alone. Derived, never stored. Pure.

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace chatcore::api {

std::string item_id(std::string_view conversation_id, std::int64_t sequence);
// The inverse; absent for what item_id() does not make for this conversation.
std::optional<std::int64_t> sequence_of_item(std::string_view conversation_id, std::string_view item_id);

struct ItemPlace {
  std::string conversation_id;
  std::int64_t sequence = 0;
};
// The conversation and sequence that a message id contains; absent if it does not contain them.
std::optional<ItemPlace> place_of_item(std::string_view item_id);

}  // namespace chatcore::api
