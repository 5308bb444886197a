#include "chatcore/api/completion_requests.h"

#include "chatcore/api/message_reader.h"

namespace chatcore::api {
namespace {

constexpr std::size_t kMaxMessages = 1000;
constexpr std::uint64_t kMostTokens = 1'000'000;

void refuse_what_cannot_be_done(JsonReader& reader) {
  if (const Json* n = reader.find("n"); n != nullptr && *n != Json(1)) {
    reader.refuse("n", "unsupported_parameter", "One answer is given to a request: \"n\" must be 1");
  }
  for (const char* name : {"tools", "functions", "stop", "logprobs", "top_logprobs", "logit_bias", "audio",
                           "web_search_options", "store"}) {
    reader.refuse_unsupported(name);
  }
  for (const char* name : {"tool_choice", "function_call"}) reader.refuse_unsupported(name, {"none", "auto"});
  reader.refuse_unsupported("modalities", {Json::array({"text"})});
  reader.refuse_unsupported("response_format", {Json::object({{"type", "text"}})});
}

std::vector<conversation::Message> messages_of(JsonReader& reader) {
  const Json* list = reader.list("messages", kMaxMessages);
  if (list == nullptr || list->empty()) {
    reader.refuse("messages", list == nullptr ? "missing_field" : "invalid_value",
                  "\"messages\" must be a list of at least one message");
    return {};
  }
  auto messages = read_messages(*list, "messages", reader.fault());
  require_question_last(messages, "messages", reader.fault());
  return messages;
}

}  // namespace

Parsed<CompletionRequest> parse_completion_request(std::string_view body) {
  const auto object = parse_json_object(body);
  if (!object) return tl::unexpected(object.error());
  Fault fault;
  JsonReader reader(*object, "", fault);
  CompletionRequest request;
  request.messages = messages_of(reader);
  refuse_what_cannot_be_done(reader);
  (void)reader.text("model");
  request.stream = reader.flag("stream", false);
  if (const Json* options = reader.object("stream_options")) {
    request.include_usage = JsonReader(*options, "stream_options", fault).flag("include_usage", false);
  }
  const auto max_tokens = reader.whole_number("max_tokens", 1, kMostTokens);
  const auto max_completion_tokens = reader.whole_number("max_completion_tokens", 1, kMostTokens);
  request.max_tokens = max_completion_tokens != 0 ? max_completion_tokens : max_tokens;
  request.sampling = {.temperature = reader.number("temperature", 0, 2),
                      .top_p = reader.number("top_p", 0, 1),
                      .presence_penalty = reader.number("presence_penalty", -2, 2),
                      .frequency_penalty = reader.number("frequency_penalty", -2, 2)};
  if (fault) return tl::unexpected(*fault);
  return request;
}

}  // namespace chatcore::api
