#pragma once
// How clients name a message: "msg_" and its place, with its conversation's mark in front, so that ids of two
// conversations differ and an id in the wrong conversation names nothing. Of conversations that were named here the
// mark is the name itself, so that a message of theirs is found by its id alone. Derived, never stored. Pure.

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
// Where the message is that an id names; absent when the id does not tell.
std::optional<ItemPlace> place_of_item(std::string_view item_id);

}  // namespace chatcore::api
