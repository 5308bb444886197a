#include "chatcore/api/completion_requests.h"

#include <algorithm>
#include <array>
#include <functional>

#include "chatcore/api/message_reader.h"

namespace chatcore::api {
namespace {

// A limit of chatcore, not of OpenAI: a longer list is most likely a mistake, and each message needs more memory than
// its bytes.
constexpr std::size_t kMaxMessages = 20'000;
constexpr std::uint64_t kMostTokens = 1'000'000;
constexpr std::size_t kMostStops = 16;
constexpr std::size_t kMostTools = 1000;

void refuse_what_cannot_be_done(JsonReader& reader) {
  if (const Json* n = reader.find("n"); n != nullptr && *n != Json(1)) {
    reader.refuse("n", "unsupported_parameter", "One answer is given to a request: \"n\" must be 1");
  }
  for (const char* name : {"logprobs", "top_logprobs", "audio", "store"}) reader.refuse_unsupported(name);
  reader.refuse_unsupported("modalities", {Json::array({"text"})});
}

// Fields that the built-in answerer cannot honour. `tools` is accepted: it allows tool calls and does not require one.
void refuse_what_needs_a_model(JsonReader& reader) {
  for (const char* name : {"logit_bias", "web_search_options", "prediction"}) reader.refuse_unsupported(name);
  (void)reader.list("tools", kMostTools);
  (void)reader.list("functions", kMostTools);
  for (const char* name : {"tool_choice", "function_call"}) reader.refuse_unsupported(name, {"none", "auto"});
  reader.refuse_unsupported("response_format", {Json::object({{"type", "text"}})});
}

// A text, or a list of them.
std::vector<std::string> read_stop(JsonReader& reader) {
  const Json* given = reader.find("stop");
  if (given == nullptr) return {};
  if (given->is_string()) return {reader.text("stop")};
  const Json* list = reader.list("stop", kMostStops);
  if (list == nullptr) return {};
  std::vector<std::string> stop;
  for (const Json& each : *list) {
    if (!each.is_string()) {
      reader.refuse("stop", "invalid_type", "\"stop\" must be a string or a list of strings");
      return {};
    }
    stop.push_back(each.get<std::string>());
  }
  return stop;
}

// The request's fields except those that chatcore reads and sends itself. Of OpenAI's own fields, empty values are left
// out: strict backends refuse an empty list of tools, and a tool_choice without tools.
std::string fields_to_pass(const Json& object) {
  constexpr std::array kOwn = std::to_array<std::string_view>({"messages",
                                                               "prompt",
                                                               "suffix",
                                                               "echo",
                                                               "best_of",
                                                               "model",
                                                               "models",
                                                               "stream",
                                                               "stream_options",
                                                               "max_tokens",
                                                               "max_completion_tokens",
                                                               "logprobs",
                                                               "top_logprobs",
                                                               "temperature",
                                                               "top_p",
                                                               "presence_penalty",
                                                               "frequency_penalty",
                                                               "modalities",
                                                               "store",
                                                               "metadata"});
  constexpr std::array kLeftOutWhenEmpty = std::to_array<std::string_view>(
      {"tools", "functions", "tool_choice", "function_call", "stop", "response_format", "logit_bias", "audio",
       "web_search_options", "prediction", "user", "seed", "service_tier", "reasoning_effort", "verbosity",
       "parallel_tool_calls", "n", "prompt_cache_key", "safety_identifier"});
  const auto is_left_out = [&](std::string_view name, const Json& value) {
    const bool is_empty = value.is_null() || value == "" || (value.is_structured() && value.empty()) ||
                          value == Json::object({{"type", "text"}});
    return is_empty && std::ranges::find(kLeftOutWhenEmpty, name) != kLeftOutWhenEmpty.end();
  };
  Json fields = Json::object();
  for (const auto& [name, value] : object.items()) {
    if (!is_left_out(name, value) && std::ranges::find(kOwn, name) == kOwn.end()) fields[name] = value;
  }
  if (!fields.contains("tools")) {
    fields.erase("parallel_tool_calls");
    const auto choice = fields.find("tool_choice");
    if (choice != fields.end() && (*choice == "auto" || *choice == "none")) fields.erase(choice);
  }
  return fields.empty() ? "" : fields.dump();
}

void read_list_of_messages(JsonReader& reader, bool passes_on, CompletionRequest& request) {
  const Json* list = reader.list("messages", kMaxMessages);
  if (list == nullptr || list->empty()) {
    reader.refuse("messages", list == nullptr ? "missing_field" : "invalid_value",
                  "\"messages\" must be a list of at least one message");
    return;
  }
  if (!passes_on || !is_more_than_text(*list)) {
    request.messages = read_messages(*list, "messages", reader.fault());
    return;
  }
  request.messages = read_texts_of_messages(*list, "messages", reader.fault());
  for (const Json& message : *list) request.passed_on.messages.push_back(message.dump());
}

// A text, or a list of one.
void read_prompt(JsonReader& reader, CompletionRequest& request) {
  const Json* given = reader.find("prompt");
  if (given != nullptr && given->is_array() && given->size() == 1) given = &given->front();
  const auto* const text = given == nullptr ? nullptr : given->get_ptr<const std::string*>();
  if (text == nullptr) {
    reader.refuse("prompt", given == nullptr ? "missing_field" : "unsupported_parameter",
                  "\"prompt\" must be one text: lists of texts and token ids are not supported");
    return;
  }
  if (text->find('\0') != std::string::npos) {
    reader.refuse("prompt", "invalid_text", "\"prompt\" holds a NUL character");
  }
  request.messages.push_back({.role = conversation::Role::user, .content = *text});
}

// What both kinds of completions have in common.
void read_settings(JsonReader& reader, const Json& object, bool passes_on, CompletionRequest& request) {
  refuse_what_cannot_be_done(reader);
  if (!passes_on) refuse_what_needs_a_model(reader);
  if (passes_on)
    request.passed_on.fields = fields_to_pass(object);
  else
    request.stop = read_stop(reader);
  (void)reader.text("model");
  request.stream = reader.flag("stream", false);
  if (const Json* options = reader.object("stream_options")) {
    request.include_usage = JsonReader(*options, "stream_options", reader.fault()).flag("include_usage", false);
  }
  const auto max_tokens = reader.whole_number("max_tokens", 1, kMostTokens);
  const auto max_completion_tokens = reader.whole_number("max_completion_tokens", 1, kMostTokens);
  request.max_tokens = max_completion_tokens != 0 ? max_completion_tokens : max_tokens;
  request.sampling = {.temperature = reader.number("temperature", 0, 2),
                      .top_p = reader.number("top_p", 0, 1),
                      .presence_penalty = reader.number("presence_penalty", -2, 2),
                      .frequency_penalty = reader.number("frequency_penalty", -2, 2)};
}

// `read_question` reads what only this kind of completion has.
Parsed<CompletionRequest> parse(std::string_view body, bool passes_on,
                                const std::function<void(JsonReader&, CompletionRequest&)>& read_question) {
  const auto object = parse_json_object(body);
  if (!object) return tl::unexpected(object.error());
  Fault fault;
  JsonReader reader(*object, "", fault);
  CompletionRequest request;
  read_question(reader, request);
  read_settings(reader, *object, passes_on, request);
  if (fault) return tl::unexpected(*fault);
  return request;
}

}  // namespace

Parsed<CompletionRequest> parse_completion_request(std::string_view body, bool passes_on) {
  return parse(body, passes_on, [passes_on](JsonReader& reader, CompletionRequest& request) {
    read_list_of_messages(reader, passes_on, request);
  });
}

Parsed<CompletionRequest> parse_text_completion_request(std::string_view body, bool passes_on) {
  return parse(body, passes_on, [passes_on](JsonReader& reader, CompletionRequest& request) {
    read_prompt(reader, request);
    reader.refuse_unsupported("echo");
    reader.refuse_unsupported("best_of", {1});
    if (!passes_on) reader.refuse_unsupported("suffix");
    request.passed_on.suffix = reader.text("suffix");
  });
}

}  // namespace chatcore::api
