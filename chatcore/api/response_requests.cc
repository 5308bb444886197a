#include "chatcore/api/response_requests.h"

#include <algorithm>
#include <array>

#include "chatcore/api/requests.h"

namespace chatcore::api {
namespace {

constexpr std::size_t kMaxItems = 1000;
constexpr std::size_t kMaxIncluded = 32;
constexpr std::uint64_t kMostTokens = 1'000'000;
constexpr std::size_t kMaxIdBytes = 128;

void refuse_what_cannot_be_done(JsonReader& reader, bool passes_on) {
  for (const char* name : {"background", "prompt", "top_logprobs"}) reader.refuse_unsupported(name);
  // Accepted without effect: this server has no output of tools, no images and no encrypted reasoning.
  constexpr std::array<std::string_view, 7> kNothing{
      "reasoning.encrypted_content",   "web_search_call.action.sources",        "web_search_call.results",
      "code_interpreter_call.outputs", "computer_call_output.output.image_url", "file_search_call.results",
      "message.input_image.image_url"};
  const Json* include = reader.list("include", kMaxIncluded);
  for (const Json& name : include == nullptr ? Json::array() : *include) {
    if (name.is_string() && std::ranges::find(kNothing, name.get<std::string>()) != kNothing.end()) continue;
    reader.refuse("include", "unsupported_parameter", "\"include\" names an output that this server does not support");
  }
  if (passes_on) return;
  reader.refuse_unsupported("tool_choice", {"none", "auto"});
  if (const Json* text = reader.object("text")) {
    JsonReader(*text, "text", reader.fault()).refuse_unsupported("format", {Json::object({{"type", "text"}})});
  }
}

InputItems read_input(JsonReader& reader, bool passes_on) {
  const Json* input = reader.find("input");
  if (input == nullptr) reader.refuse("input", "missing_field", "\"input\" is missing");
  if (input == nullptr || !input->is_array()) {
    InputItems question{.messages = {{.content = reader.text("input")}}};
    require_question_last(question.messages, "input", reader.fault());
    return question;
  }
  const Json* list = reader.list("input", kMaxItems);
  auto items = list == nullptr ? InputItems() : read_items(*list, "input", passes_on, reader.fault());
  const bool ends_with_tool = !items.tools.empty() && items.tools.back().before == items.messages.size();
  if (!ends_with_tool)
    require_question_last(items.messages, "input", reader.fault());
  else if (items.messages.empty() && items.references.empty())
    reader.refuse("input", "invalid_value", "\"input\" must have the messages that led to the function call");
  return items;
}

// A string, or {"id":…}.
std::string read_conversation(JsonReader& reader) {
  const Json* given = reader.find("conversation");
  if (given == nullptr) return "";
  const std::string id = given->is_object() ? JsonReader(*given, "conversation", reader.fault()).required_text("id")
                                            : reader.text("conversation");
  if (const auto problem = check_conversation_id(id)) reader.refuse("conversation", problem->code, problem->message);
  return id;
}

std::string read_previous(JsonReader& reader) {
  std::string id = reader.text("previous_response_id");
  if (id.size() > kMaxIdBytes) {
    reader.refuse("previous_response_id", "invalid_value", "\"previous_response_id\" is longer than 128 bytes");
  }
  if (!id.empty() && reader.find("conversation") != nullptr) {
    reader.refuse("previous_response_id", "invalid_value",
                  "Give either \"conversation\" or \"previous_response_id\", not both");
  }
  return id;
}

// The requested length of the summary is ignored: the model's reasoning text is passed on unchanged.
std::string read_reasoning_summary(JsonReader& reader) {
  const Json* reasoning = reader.object("reasoning");
  if (reasoning == nullptr) return "";
  JsonReader inner(*reasoning, "reasoning", reader.fault());
  std::string summary = inner.text("summary");
  if (summary.empty()) summary = inner.text("generate_summary");
  constexpr std::size_t kLongestWord = 16;
  return summary.size() <= kLongestWord && summary != "none" ? summary : "";
}

}  // namespace

Parsed<ResponseRequest> parse_response_request(std::string_view body, bool passes_on) {
  const auto object = parse_json_object(body);
  if (!object) return tl::unexpected(object.error());
  Fault fault;
  JsonReader reader(*object, "", fault);
  refuse_what_cannot_be_done(reader, passes_on);
  (void)reader.text("model");
  ResponseRequest request;
  InputItems items = read_input(reader, passes_on);
  request.input = std::move(items.messages);
  request.references = std::move(items.references);
  request.tools = std::move(items.tools);
  if (passes_on) request.tool_fields = tool_fields(reader);
  request.instructions = reader.text("instructions");
  request.conversation_id = read_conversation(reader);
  request.previous_response_id = read_previous(reader);
  for (const char* name : {"conversation", "previous_response_id"}) {
    if (request.tools.empty() || reader.find(name) == nullptr) continue;
    reader.refuse(
        name, "unsupported_parameter",
        "Function calls are not stored: send the whole history in \"input\" instead of \"" + std::string(name) + "\"");
  }
  request.store = reader.flag("store", true);
  request.stream = reader.flag("stream", false);
  request.max_output_tokens = reader.whole_number("max_output_tokens", 1, kMostTokens);
  request.metadata = reader.metadata("metadata");
  request.temperature = reader.number("temperature", 0, 2);
  request.top_p = reader.number("top_p", 0, 1);
  request.reasoning_summary = read_reasoning_summary(reader);
  if (fault) return tl::unexpected(*fault);
  return request;
}

}  // namespace chatcore::api
