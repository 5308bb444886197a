#include "chatcore/llm/passed_on.h"

#include <nlohmann/json.hpp>

namespace chatcore::llm {
namespace {

using json = nlohmann::ordered_json;

std::string text_of(const json& document) { return document.dump(-1, ' ', false, json::error_handler_t::replace); }

bool is_system(const json& message) {
  const json role = message.value("role", json());
  return role == "system" || role == "developer";
}

// The first message with the server's system text in front of its own.
std::string first_message(const std::string& given, std::string_view system) {
  const std::string text(system);
  json message = json::parse(given, nullptr, false);
  if (!message.is_object() || !is_system(message)) {
    return text_of({{"role", "system"}, {"content", text}}) + "," + given;
  }
  json& content = message["content"];
  if (content.is_array()) {
    content.insert(content.begin(), json::object({{"type", "text"}, {"text", text + "\n\n"}}));
  } else {
    content = content.is_string() ? text + "\n\n" + content.get<std::string>() : text;
  }
  return text_of(message);
}

}  // namespace

std::string passed_messages(const std::vector<std::string>& messages, std::string_view system) {
  std::string list = "[";
  for (const auto& message : messages) {
    const bool is_first = &message == &messages.front();
    if (!is_first) list += ",";
    list += is_first && !system.empty() ? first_message(message, system) : message;
  }
  return list + "]";
}

std::string with_fields(std::string request, std::string_view fields) {
  constexpr std::string_view kNone = "{}";
  if (fields.size() <= kNone.size()) return request;
  request.pop_back();
  return request.append(",").append(fields.substr(1));
}

}  // namespace chatcore::llm
