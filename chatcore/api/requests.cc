#include "chatcore/api/requests.h"

#include <algorithm>
#include <utility>

#include <nlohmann/json.hpp>

#include "chatcore/retrieval/utf8.h"

namespace chatcore::api {
namespace {

using nlohmann::json;

// OpenAI's deepest request nests about ten; a parser's tree of a deeper one costs far more memory than its text.
constexpr int kMaxDepth = 32;
constexpr std::size_t kMaxMessages = 1000;
constexpr std::size_t kMaxIdBytes = 128;

tl::unexpected<Problem> refuse(std::string code, std::string message, std::string param = "") {
  return tl::unexpected(bad_request(std::move(code), std::move(message), std::move(param)));
}

// Counts brackets outside of strings, before a parser builds anything from them.
bool is_too_deep(std::string_view text) {
  int depth = 0;
  bool in_string = false;
  for (std::size_t i = 0; i < text.size(); ++i) {
    const char c = text[i];
    if (in_string) {
      if (c == '\\')
        ++i;
      else if (c == '"')
        in_string = false;
    } else if (c == '"') {
      in_string = true;
    } else if (c == '[' || c == '{') {
      if (++depth > kMaxDepth) return true;
    } else if (c == ']' || c == '}') {
      --depth;
    }
  }
  return false;
}

Parsed<json> parse_object(std::string_view body) {
  if (is_too_deep(body)) return refuse("invalid_json", "The body nests too deeply");
  // Refuses invalid UTF-8 and lone surrogates too.
  json document = json::parse(body, nullptr, false);
  if (document.is_discarded()) return refuse("invalid_json", "The body is not valid JSON in UTF-8");
  if (!document.is_object()) return refuse("invalid_json", "The body must be a JSON object");
  return document;
}

// The text of a field; absent is "" when it is not required.
Parsed<std::string> text_field(const json& object, const char* name, bool required) {
  const auto found = object.find(name);
  if (found == object.end() || found->is_null()) {
    if (!required) return std::string();
    return refuse("missing_field", std::string("\"") + name + "\" is missing", name);
  }
  if (!found->is_string()) return refuse("invalid_type", std::string("\"") + name + "\" must be a string", name);
  auto text = found->get<std::string>();
  if (text.find('\0') != std::string::npos) {
    return refuse("invalid_text", std::string("\"") + name + "\" holds a NUL character", name);
  }
  return text;
}

Parsed<bool> bool_field(const json& object, const char* name) {
  const auto found = object.find(name);
  if (found == object.end() || found->is_null()) return false;
  if (!found->is_boolean()) return refuse("invalid_type", std::string("\"") + name + "\" must be true or false", name);
  return found->get<bool>();
}

// OpenAI's content: a string, or a list of parts of which only text is understood here.
Parsed<std::string> content_of(const json& message, const std::string& param) {
  const auto content = message.find("content");
  if (content == message.end() || !content->is_array()) return text_field(message, "content", true);
  std::string text;
  for (const auto& part : *content) {
    if (!part.is_object() || part.value("type", json()) != "text") {
      return refuse("unsupported_content", "Only parts of type \"text\" are understood", param + ".content");
    }
    auto piece = text_field(part, "text", true);
    if (!piece) return piece;
    text += *piece;
  }
  return text;
}

Parsed<conversation::Message> message_of(const json& entry, std::size_t index) {
  const std::string param = "messages[" + std::to_string(index) + "]";
  if (!entry.is_object()) return refuse("invalid_type", "Each message must be an object", param);
  auto role = text_field(entry, "role", true);
  if (!role) return tl::unexpected(role.error());
  auto content = content_of(entry, param);
  if (!content) return tl::unexpected(content.error());
  conversation::Message message{.content = std::move(*content)};
  if (*role == "user")
    message.role = conversation::Role::user;
  else if (*role == "assistant")
    message.role = conversation::Role::assistant;
  else if (*role == "system" || *role == "developer")
    message.role = conversation::Role::system;
  else
    return refuse("invalid_value", "The role must be system, developer, user or assistant", param + ".role");
  return message;
}

Parsed<std::vector<conversation::Message>> messages_of(const json& object) {
  const auto list = object.find("messages");
  if (list == object.end()) return refuse("missing_field", "\"messages\" is missing", "messages");
  if (!list->is_array() || list->empty()) {
    return refuse("invalid_type", "\"messages\" must be a list of at least one message", "messages");
  }
  if (list->size() > kMaxMessages) return refuse("invalid_value", "Too many messages", "messages");
  std::vector<conversation::Message> messages;
  messages.reserve(list->size());
  for (const auto& entry : *list) {
    auto message = message_of(entry, messages.size());
    if (!message) return tl::unexpected(message.error());
    messages.push_back(std::move(*message));
  }
  if (messages.back().role != conversation::Role::user) {
    return refuse("invalid_value", "The last message must be the user's", "messages");
  }
  return messages;
}

Parsed<std::size_t> max_tokens_of(const json& object) {
  for (const char* name : {"max_completion_tokens", "max_tokens"}) {
    const auto found = object.find(name);
    if (found == object.end() || found->is_null()) continue;
    constexpr std::uint64_t kMost = 1'000'000;
    if (!found->is_number_unsigned() || found->get<std::uint64_t>() == 0 || found->get<std::uint64_t>() > kMost) {
      return refuse("invalid_value", std::string("\"") + name + "\" must be from 1 to 1000000", name);
    }
    return found->get<std::size_t>();
  }
  return std::size_t{0};
}

}  // namespace

std::optional<Problem> check_conversation_id(std::string_view id) {
  const auto problem = [](const char* why) {
    return bad_request("invalid_conversation_id", std::string("The conversation id ") + why, "conversationId");
  };
  if (id.empty()) return problem("must not be empty");
  if (id.size() > kMaxIdBytes) return problem("is longer than 128 bytes");
  const auto is_control = [](unsigned char c) { return c < 0x20 || c == 0x7F; };
  if (std::ranges::any_of(id, is_control)) return problem("holds control characters");
  // The C1 controls U+0080 to U+009F.
  for (std::size_t i = 0; i + 1 < id.size(); ++i) {
    const auto next = static_cast<unsigned char>(id[i + 1]);
    if (static_cast<unsigned char>(id[i]) == 0xC2 && next < 0xA0) return problem("holds control characters");
  }
  // An id in a query never went through the JSON parser, which would have refused this.
  if (!retrieval::is_valid_utf8(id)) return problem("is not valid UTF-8");
  return std::nullopt;
}

Parsed<AssistantRequest> parse_assistant_request(std::string_view body) {
  const auto object = parse_object(body);
  if (!object) return tl::unexpected(object.error());
  auto message = text_field(*object, "message", true);
  if (!message) return tl::unexpected(message.error());
  if (std::ranges::all_of(*message, [](unsigned char c) { return c <= ' '; })) {
    return refuse("invalid_value", "\"message\" must not be empty", "message");
  }
  auto id = text_field(*object, "conversationId", false);
  if (!id) return tl::unexpected(id.error());
  if (const auto given = object->find("conversationId"); given != object->end() && !given->is_null()) {
    if (auto problem = check_conversation_id(*id)) return tl::unexpected(*problem);
  }
  return AssistantRequest{.message = std::move(*message), .conversation_id = std::move(*id)};
}

Parsed<CompletionRequest> parse_completion_request(std::string_view body) {
  const auto object = parse_object(body);
  if (!object) return tl::unexpected(object.error());
  CompletionRequest request;
  auto messages = messages_of(*object);
  if (!messages) return tl::unexpected(messages.error());
  request.messages = std::move(*messages);
  const auto stream = bool_field(*object, "stream");
  if (!stream) return tl::unexpected(stream.error());
  request.stream = *stream;
  if (const auto options = object->find("stream_options"); options != object->end() && !options->is_null()) {
    if (!options->is_object()) return refuse("invalid_type", "\"stream_options\" must be an object", "stream_options");
    const auto usage = bool_field(*options, "include_usage");
    if (!usage) return tl::unexpected(usage.error());
    request.include_usage = *usage;
  }
  const auto max_tokens = max_tokens_of(*object);
  if (!max_tokens) return tl::unexpected(max_tokens.error());
  request.max_tokens = *max_tokens;
  return request;
}

Parsed<ShedRequest> parse_shed_request(std::string_view body) {
  const auto object = parse_object(body);
  if (!object) return tl::unexpected(object.error());
  const auto bytes = object->find("target_bytes");
  const auto ratio = object->find("target_ratio");
  if ((bytes == object->end()) == (ratio == object->end())) {
    return refuse("invalid_value", "Give either \"target_bytes\" or \"target_ratio\"");
  }
  ShedRequest request;
  if (bytes != object->end()) {
    constexpr std::uint64_t kMost = std::uint64_t{1} << 60;
    if (!bytes->is_number_unsigned() || bytes->get<std::uint64_t>() > kMost) {
      return refuse("invalid_value", "\"target_bytes\" must be a whole number of bytes", "target_bytes");
    }
    request.target_bytes = base::Bytes{bytes->get<std::int64_t>()};
  } else {
    if (!ratio->is_number() || !(ratio->get<double>() >= 0 && ratio->get<double>() <= 1)) {
      return refuse("invalid_value", "\"target_ratio\" must be a number from 0 to 1", "target_ratio");
    }
    request.target_ratio = base::Ratio{ratio->get<double>()};
  }
  return request;
}

}  // namespace chatcore::api
