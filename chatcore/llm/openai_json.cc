#include "chatcore/llm/openai_json.h"

#include <cmath>
#include <utility>

#include <nlohmann/json.hpp>

#include "chatcore/llm/passed_on.h"
#include "chatcore/llm/prompt_messages.h"

namespace chatcore::llm {
namespace {

using base::Code;
using nlohmann::json;
using nlohmann::ordered_json;

// OpenAI's own answers nest six deep; what is deeper is left out before it is built.
constexpr int kMaxDepth = 16;

std::string text_of(const ordered_json& document) {
  return document.dump(-1, ' ', false, ordered_json::error_handler_t::replace);
}

json parse(std::string_view text) {
  return json::parse(
      text, [](int depth, json::parse_event_t, json&) { return depth <= kMaxDepth; }, false);
}

std::string chunks_text(const std::vector<retrieval::RetrievedChunk>& chunks) {
  if (chunks.empty()) return "";
  std::string text(kPassagesIntroduction);
  for (const auto& chunk : chunks) {
    text += "\n" + text_of(ordered_json{{"source", chunk.source}, {"text", chunk.text}});
  }
  return text;
}

ordered_json message_of(std::string_view role, std::string_view content) {
  return {{"role", role}, {"content", content}};
}

ordered_json messages_of(const Prompt& prompt, std::string_view system_prompt) {
  ordered_json messages = ordered_json::array();
  const SystemParts parts{.configured = system_prompt, .chunks = chunks_text(prompt.chunks), .summary = prompt.summary};
  for (const auto& message : prompt_messages(prompt.messages, parts)) {
    messages.push_back(message_of(name_of(message.role), message.content));
  }
  return messages;
}

ordered_json streamed_request(std::string_view model) {
  return {{"model", model}, {"stream", true}, {"stream_options", {{"include_usage", true}}}};
}

void add_settings(const Prompt& prompt, std::string_view max_tokens_field, ordered_json& request) {
  if (prompt.max_tokens != 0) request[std::string(max_tokens_field)] = prompt.max_tokens;
  const auto pass_on = [&](const char* name, std::optional<double> value) {
    if (value) request[name] = *value;
  };
  pass_on("temperature", prompt.sampling.temperature);
  pass_on("top_p", prompt.sampling.top_p);
  pass_on("presence_penalty", prompt.sampling.presence_penalty);
  pass_on("frequency_penalty", prompt.sampling.frequency_penalty);
}

// The member of an object, or null when there is none or `object` is no object.
const json& member(const json& object, const char* name) {
  static const json kNull;
  if (!object.is_object()) return kNull;
  const auto found = object.find(name);
  return found == object.end() ? kNull : *found;
}

base::Result<std::vector<float>> vector_of(const json& numbers, std::size_t dimensions) {
  if (!numbers.is_array() || numbers.size() != dimensions) {
    return base::fail(Code::corrupt, "an embedding has " + std::to_string(numbers.size()) + " numbers instead of " +
                                         std::to_string(dimensions));
  }
  double squares = 0;
  for (const json& number : numbers) {
    if (!number.is_number()) return base::fail(Code::corrupt, "an embedding holds what is not a number");
    squares += number.get<double>() * number.get<double>();
  }
  if (!std::isfinite(squares)) return base::fail(Code::corrupt, "an embedding is out of range");
  const double scale = squares == 0 ? 0 : 1.0 / std::sqrt(squares);
  std::vector<float> vector;
  vector.reserve(dimensions);
  for (const json& number : numbers) vector.push_back(static_cast<float>(number.get<double>() * scale));
  return vector;
}

}  // namespace

std::string json_line(std::string_view role, std::string_view content) { return text_of(message_of(role, content)); }

std::string chat_request(const Prompt& prompt, std::string_view model, std::string_view system_prompt,
                         std::string_view max_tokens_field) {
  const auto& passed = prompt.passed_on;
  ordered_json request = streamed_request(model);
  if (passed.messages.empty()) request["messages"] = messages_of(prompt, system_prompt);
  add_settings(prompt, max_tokens_field, request);
  std::string text = with_fields(text_of(request), passed.fields);
  if (passed.messages.empty()) return text;
  const std::string messages = passed_messages(passed.messages, system_prompt, chunks_text(prompt.chunks));
  return with_fields(std::move(text), R"({"messages":)" + messages + "}");
}

std::string fill_in_request(const Prompt& prompt, std::string_view model, std::string_view max_tokens_field) {
  ordered_json request = streamed_request(model);
  request["prompt"] = prompt.messages.back().content;
  request["suffix"] = prompt.passed_on.suffix;
  add_settings(prompt, max_tokens_field, request);
  return with_fields(text_of(request), prompt.passed_on.fields);
}
std::string embedding_request(const std::vector<std::string>& texts, std::string_view model, std::size_t dimensions) {
  ordered_json request{{"model", model}, {"input", texts}, {"encoding_format", "float"}};
  if (dimensions != 0) request["dimensions"] = dimensions;
  return text_of(request);
}

base::Result<std::vector<std::vector<float>>> parse_embeddings(std::string_view body, std::size_t count,
                                                               std::size_t dimensions) {
  const json answer = parse(body);
  const json& list = member(answer, "data");
  if (!list.is_array() || list.size() != count) return base::fail(Code::corrupt, "not one embedding for each text");
  std::vector<std::vector<float>> vectors(count);
  for (const json& entry : list) {
    const json& index = member(entry, "index");
    if (!index.is_number_unsigned() || index.get<std::uint64_t>() >= count) {
      return base::fail(Code::corrupt, "an embedding of no text");
    }
    auto& place = vectors[index.get<std::size_t>()];
    if (!place.empty()) return base::fail(Code::corrupt, "two embeddings of one text");
    auto vector = vector_of(member(entry, "embedding"), dimensions);
    if (!vector) return base::fail(vector.error());
    place = std::move(*vector);
  }
  return vectors;
}

}  // namespace chatcore::llm
