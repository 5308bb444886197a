#include "chatcore/api/message_reader.h"

#include <utility>

namespace chatcore::api {
namespace {

using conversation::Message;
using conversation::Role;

std::string at(const std::string& where, std::size_t index) { return where + "[" + std::to_string(index) + "]"; }

std::string read_part(const Json& part, const std::string& where, Fault& fault) {
  if (fault) return "";
  if (!part.is_object()) {
    fault = bad_request("invalid_type", "Each part of a message must be an object", where);
    return "";
  }
  JsonReader reader(part, where, fault);
  const std::string type = reader.required_text("type");
  if (type != "text" && type != "input_text" && type != "output_text") {
    reader.refuse("type", "unsupported_content", "Only parts of text are understood");
  }
  return reader.required_text("text");
}

// A string, or a list of parts.
std::string read_content(JsonReader& reader) {
  const Json* content = reader.find("content");
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
  Message message{.role = read_role(reader), .content = read_content(reader)};
  // How an answer that was cut short comes back from a client that keeps the history itself.
  message.interrupted = message.role == Role::assistant && reader.text("status") == "incomplete";
  return message;
}

}  // namespace

std::vector<Message> read_messages(const Json& list, const std::string& where, Fault& fault) {
  std::vector<Message> messages;
  messages.reserve(list.size());
  for (const Json& entry : list) {
    if (fault) return {};
    messages.push_back(read_message(entry, at(where, messages.size()), fault));
  }
  return messages;
}

void require_question_last(const std::vector<Message>& messages, const std::string& param, Fault& fault) {
  if (fault || (!messages.empty() && messages.back().role == Role::user)) return;
  fault = bad_request("invalid_value", "The last message must be the user's", param);
}

}  // namespace chatcore::api
