#pragma once
// For the builders of replies (*_replies.cc) alone: a message as an item of OpenAI's.

#include <string>
#include <string_view>

#include "chatcore/api/json_writer.h"
#include "chatcore/conversation/message.h"

namespace chatcore::api {

// {"type":"output_text",…}, as it stands inside an answer's item.
inline OrderedJson output_text_part(std::string_view text) {
  return {{"type", "output_text"},
          {"text", text},
          {"annotations", OrderedJson::array()},
          {"logprobs", OrderedJson::array()}};
}

// `status` is "in_progress", "completed" or "incomplete".
inline OrderedJson item_of(std::string_view id, const conversation::Message& message, std::string_view status) {
  OrderedJson part = message.role == conversation::Role::assistant
                         ? output_text_part(message.content)
                         : OrderedJson{{"type", "input_text"}, {"text", message.content}};
  return {{"id", id},
          {"type", "message"},
          {"status", status},
          {"role", name_of(message.role)},
          {"content", OrderedJson::array({std::move(part)})}};
}

inline std::string_view item_status(const conversation::Message& message) {
  return message.interrupted ? "incomplete" : "completed";
}

}  // namespace chatcore::api
