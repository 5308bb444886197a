#include "chatcore/api/message_reader.h"

#include <algorithm>
#include <utility>

#include "chatcore/llm/prompt_messages.h"

namespace chatcore::api {
namespace {

using conversation::Message;
using conversation::Role;

std::string at(const std::string& where, std::size_t index) { return where + "[" + std::to_string(index) + "]"; }

bool is_thought(std::string_view type) {
  return type == "thinking" || type == "redacted_thinking" || type == "reasoning";
}

std::string read_part(const Json& part, const std::string& where, Fault& fault) {
  if (fault) return "";
  if (!part.is_object()) {
    fault = bad_request("invalid_type", "Each part of a message must be an object", where);
    return "";
  }
  JsonReader reader(part, where, fault);
  const std::string type = reader.required_text("type");
  if (type == "refusal") return reader.required_text("refusal");
  if (is_thought(type)) return "";
  if (type != "text" && type != "input_text" && type != "output_text") {
    reader.refuse("type", "unsupported_content", "Only parts of text are understood");
  }
  return reader.required_text("text");
}

// A string, or a list of parts.
std::string read_content(JsonReader& reader, Role role) {
  const Json* content = reader.find("content");
  if (content == nullptr && role == Role::assistant) return reader.text("refusal");
  if (content == nullptr || !content->is_array()) return reader.required_text("content");
  std::string text;
  for (std::size_t i = 0; i < content->size(); ++i) {
    text += read_part((*content)[i], at(reader.param("content"), i), reader.fault());
  }
  return text;
}

Role read_role(JsonReader& reader) {
  const std::string role = reader.required_text("role");
  if (role == "user") return Role::user;
  if (role == "assistant") return Role::assistant;
  if (role == "system" || role == "developer") return Role::system;
  reader.refuse("role", "invalid_value", "The role must be system, developer, user or assistant");
  return Role::user;
}

Message read_message(const Json& entry, const std::string& where, Fault& fault) {
  if (!entry.is_object()) {
    if (!fault) fault = bad_request("invalid_type", "Each message must be an object", where);
    return {};
  }
  JsonReader reader(entry, where, fault);
  if (const std::string type = reader.text("type"); !type.empty() && type != "message") {
    reader.refuse("type", "unsupported_item", "Only items of type \"message\" are understood");
  }
  for (const char* name : {"tool_calls", "function_call", "audio"}) reader.refuse_unsupported(name);
  Message message;
  message.role = read_role(reader);
  message.content = read_content(reader, message.role);
  // How an answer that was cut short comes back from a client that keeps the history itself.
  message.interrupted = message.role == Role::assistant && reader.text("status") == "incomplete";
  return message;
}

// Null when there is none.
const Json& member(const Json& object, const char* name) {
  static const Json kNull;
  const auto found = object.is_object() ? object.find(name) : object.end();
  return found == object.end() ? kNull : *found;
}

std::string_view word_in(const Json& value) {
  const auto* const text = value.get_ptr<const std::string*>();
  return text == nullptr ? std::string_view() : std::string_view(*text);
}

// A part without a type is for read_part() to refuse.
bool is_text_part(const Json& part) {
  const auto type = word_in(member(part, "type"));
  return type.empty() || type == "text" || type == "input_text" || type == "output_text" || type == "refusal" ||
         is_thought(type);
}

bool is_there(const Json& value) { return !value.is_null() && !(value.is_structured() && value.empty()); }

bool is_more_than_text_alone(const Json& message) {
  const auto role = word_in(member(message, "role"));
  if (role == "tool" || role == "function") return true;
  for (const char* name : {"tool_calls", "function_call", "audio"}) {
    if (is_there(member(message, name))) return true;
  }
  const Json& content = member(message, "content");
  return content.is_array() && !std::ranges::all_of(content, is_text_part);
}

// The text parts of a message; other content is skipped.
std::string text_in(const Json& content) {
  std::string text(word_in(content));
  if (content.is_array()) {
    for (const Json& part : content) text += word_in(member(part, "text"));
  }
  std::erase(text, '\0');
  return text;
}

}  // namespace

bool is_more_than_text(const Json& list) { return std::ranges::any_of(list, is_more_than_text_alone); }

std::vector<Message> read_texts_of_messages(const Json& list, const std::string& where, Fault& fault) {
  std::vector<Message> messages;
  for (std::size_t i = 0; i < list.size() && !fault; ++i) {
    if (!list[i].is_object()) {
      fault = bad_request("invalid_type", "Each message must be an object", at(where, i));
      break;
    }
    JsonReader reader(list[i], at(where, i), fault);
    const std::string role = reader.required_text("role");
    if (role == "tool" || role == "function") continue;
    messages.push_back({.role = read_role(reader), .content = text_in(member(list[i], "content"))});
  }
  if (messages.empty()) messages.emplace_back();
  return messages;
}

std::vector<Message> read_messages(const Json& list, const std::string& where, Fault& fault) {
  std::vector<Message> messages;
  messages.reserve(list.size());
  for (const Json& entry : list) {
    if (fault) return {};
    messages.push_back(read_message(entry, at(where, messages.size()), fault));
  }
  return messages;
}

InputItems read_items(const Json& list, const std::string& where, bool takes_tools, Fault& fault) {
  constexpr std::string_view kReasoningPrefix = "rs_";
  InputItems items;
  for (std::size_t i = 0; i < list.size() && !fault; ++i) {
    const auto type = word_in(member(list[i], "type"));
    const auto id = word_in(member(list[i], "id"));
    // Some clients omit the type of a reference.
    const bool is_reference = type == "item_reference" || (type.empty() && !id.empty() && list[i].size() == 1);
    if (type == "reasoning" || (is_reference && id.starts_with(kReasoningPrefix))) continue;
    const auto call = takes_tools && is_reference ? call_in_id(id) : std::nullopt;
    if (call)
      items.tools.push_back({.before = items.messages.size(), .message = tool_message_of(*call)});
    else if (takes_tools && is_function_item(type))
      items.tools.push_back(
          {.before = items.messages.size(), .message = tool_message_of(list[i], at(where, i), fault)});
    else if (is_reference)
      items.references.push_back(
          {.before = items.messages.size(), .tools_before = items.tools.size(), .id = std::string(id)});
    else
      items.messages.push_back(read_message(list[i], at(where, i), fault));
  }
  return items;
}

void refuse_blank_questions(const std::vector<Message>& messages, const std::string& where, Fault& fault) {
  const auto blank = std::ranges::find_if(
      messages, [](const Message& one) { return one.role == Role::user && llm::is_blank(one.content); });
  if (fault || blank == messages.end()) return;
  fault = bad_request("invalid_value", "A user message must not be empty",
                      at(where, static_cast<std::size_t>(blank - messages.begin())) + ".content");
}

void require_question_last(const std::vector<Message>& messages, const std::string& param, Fault& fault) {
  if (fault) return;
  if (messages.empty() || messages.back().role != Role::user)
    fault = bad_request("invalid_value", "The last message must be the user's", param);
  else if (llm::is_blank(messages.back().content))
    fault = bad_request("invalid_value", "The last message must not be empty", param);
}

}  // namespace chatcore::api
