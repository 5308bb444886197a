#include "chatcore/llm/chat_chunk.h"

#include <algorithm>
#include <array>
#include <cmath>
#include <utility>

#include <nlohmann/json.hpp>

#include "base/http_text.h"
#include "chatcore/llm/json_repair.h"

namespace chatcore::llm {
namespace {

using base::Code;
using json = nlohmann::ordered_json;

// OpenAI's own answers nest six levels deep; deeper values are dropped while parsing.
constexpr int kMaxDepth = 16;

template <std::size_t size>
bool is_among(const std::array<std::string_view, size>& words, std::string_view word) {
  return std::ranges::find(words, word) != words.end();
}

// Only the members that are read here are kept while parsing: a JSON tree needs many times the memory of its text.
bool is_read(std::string_view name) {
  constexpr std::array<std::string_view, 13> kRead{"choices", "usage", "x_groq",      "error", "errors",
                                                   "object",  "done",  "done_reason", "type",  "message",
                                                   "detail",  "code",  "status"};
  return is_among(kRead, name);
}

json parse_strictly(std::string_view text) {
  const auto keep = [](int depth, json::parse_event_t event, json& parsed) {
    if (depth > kMaxDepth) return false;
    if (event != json::parse_event_t::key) return true;
    const auto* const name = parsed.get_ptr<const std::string*>();
    return depth != 1 || name == nullptr || is_read(*name);
  };
  return json::parse(text, keep, false);
}

// The member of an object, or null when there is none or `object` is not an object.
const json& member(const json& object, const char* name) {
  static const json kNull;
  if (!object.is_object()) return kNull;
  const auto found = object.find(name);
  return found == object.end() ? kNull : *found;
}

bool is_nothing(const json& value) {
  return value.is_null() || value == json(false) || value == json(0) || value == json("") ||
         (value.is_structured() && value.empty());
}

std::string_view text_in(const json& value) {
  const auto* const text = value.get_ptr<const std::string*>();
  return text == nullptr ? std::string_view() : std::string_view(*text);
}

// --- errors

// An identifier of the error, which cannot quote a text. '-' is excluded because API keys contain it.
std::string identifier_of(const json& value) {
  if (value.is_number_integer()) return std::to_string(value.get<std::int64_t>());
  const auto text = text_in(value);
  const auto is_plain = [](char c) {
    return (c >= '0' && c <= '9') || (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || c == '_';
  };
  return text.size() <= 64 && std::ranges::all_of(text, is_plain) ? std::string(text) : "";
}

base::Error reported(const json& error) {
  std::string name = identifier_of(member(error, "code"));
  if (name.empty()) name = identifier_of(member(error, "type"));
  return {Code::unavailable, "reported an error" + (name.empty() ? "" : " (" + name + ")")};
}

bool is_failure_status(const json& value) { return value.is_number_integer() && value.get<std::int64_t>() >= 400; }

// Most servers send {"error":…}; others use forms of their own, without choices.
std::optional<base::Error> error_in(const json& document) {
  const json& error = member(document, "error");
  if (!is_nothing(error)) return reported(error);
  if (text_in(member(document, "object")) == "error" || text_in(member(document, "type")) == "error") {
    return reported(document);
  }
  if (member(document, "choices").is_array()) return std::nullopt;
  const bool has_status = is_failure_status(member(document, "code")) || is_failure_status(member(document, "status"));
  const bool has_text = !is_nothing(member(document, "detail")) || !is_nothing(member(document, "errors"));
  if (has_status || has_text) return reported(document);
  return std::nullopt;
}

// --- texts

struct Texts {
  std::string text;
  std::string reasoning;
};

// Neither the storage nor C interfaces accept NUL.
void append_without_nul(std::string& to, std::string_view text) {
  std::ranges::copy_if(text, std::back_inserter(to), [](char c) { return c != '\0'; });
}

// {"type":"text","text":…}, {"type":"thinking","thinking":[parts] or a text}, a text alone; others are left out.
void add_part(const json& part, bool is_thinking, Texts& texts) {
  if (part.is_string()) return append_without_nul(is_thinking ? texts.reasoning : texts.text, text_in(part));
  const auto type = text_in(member(part, "type"));
  if (type == "thinking" || type == "reasoning") {
    const json& thought = member(part, type == "thinking" ? "thinking" : "text");
    if (!thought.is_array()) return add_part(thought, true, texts);
    for (const json& each : thought) add_part(each, true, texts);
  } else if (type.empty() || type == "text" || type == "output_text") {
    const json& text = member(part, "text");
    if (text.is_string()) add_part(text, is_thinking, texts);
  }
}

base::Result<Texts> content_of(const json& content) {
  Texts texts;
  if (content.is_array()) {
    for (const json& part : content) add_part(part, false, texts);
  } else if (content.is_string() || content.is_object()) {
    add_part(content, false, texts);
  } else if (content.is_number()) {
    texts.text = content.dump();
  } else if (!is_nothing(content)) {
    return base::fail(Code::corrupt, "a chunk's content is not a text");
  }
  return texts;
}

// --- calls of tools and whatever else a delta has

std::size_t index_of_call(const json& call, ToolCallOrder& order) {
  constexpr std::uint64_t kMostCalls = 1000;
  const json& given = member(call, "index");
  const std::string id(text_in(member(call, "id")));
  auto& ids = order.ids;
  const bool begins = !text_in(member(member(call, "function"), "name")).empty();
  std::size_t index = ids.empty() ? 0 : ids.size() - 1;
  if (given.is_number_unsigned() && given.get<std::uint64_t>() < kMostCalls) index = given.get<std::size_t>();
  const bool is_known = index < ids.size();
  if (is_known && !id.empty() && !ids[index].empty() && ids[index] != id) {
    const auto same = std::ranges::find(ids, id);
    // Some servers make a new id for each delta of one call; only the first has the name.
    if (same != ids.end())
      index = static_cast<std::size_t>(same - ids.begin());
    else if (begins && ids.size() < kMostCalls)
      index = ids.size();
  }
  if (index >= ids.size()) ids.resize(index + 1);
  if (ids[index].empty()) ids[index] = id;
  return index;
}

// As OpenAI's clients put them together: by index, and with the arguments as text.
json calls_of(const json& given, ToolCallOrder& order) {
  json calls = json::array();
  for (const json& call : given) {
    if (!call.is_object()) continue;
    json ordered{{"index", index_of_call(call, order)}};
    for (const auto& [name, value] : call.items()) {
      if (name != "index" && !value.is_null()) ordered[name] = value;
    }
    if (ordered.contains("function") && ordered["function"].is_object()) {
      json& function = ordered["function"];
      if (const json& arguments = member(function, "arguments"); arguments.is_structured()) {
        function["arguments"] = arguments.dump(-1, ' ', false, json::error_handler_t::replace);
      } else if (arguments.is_null()) {
        function.erase("arguments");
      }
    }
    calls.push_back(std::move(ordered));
  }
  return calls;
}

void add_fields(const json& delta, ToolCallOrder& order, ChatChunk& chunk) {
  constexpr std::array<std::string_view, 5> kKnown{"role", "content", "reasoning_content", "reasoning", "refusal"};
  json fields = json::object();
  for (const auto& [name, value] : delta.items()) {
    if (is_nothing(value) || is_among(kKnown, name)) continue;
    if (name != "tool_calls") {
      fields[name] = value;
    } else if (value.is_array()) {
      if (json calls = calls_of(value, order); !calls.empty()) fields[name] = std::move(calls);
    }
  }
  if (fields.empty()) return;
  chunk.calls_tools = fields.contains("tool_calls") || fields.contains("function_call");
  chunk.fields = fields.dump(-1, ' ', false, json::error_handler_t::replace);
  std::erase(chunk.fields, '\0');
}

// --- the end

Finish finish_of(const json& reason) {
  if (reason.is_null() || reason == json(false) || reason == json("")) return Finish::none;
  std::string word = base::lower_case(text_in(reason));
  constexpr std::array<std::string_view, 9> kLength{
      "length",     "max_tokens",   "max_output_tokens", "max_completion_tokens",        "max_new_tokens",
      "max_length", "model_length", "token_limit",       "model_context_window_exceeded"};
  constexpr std::array<std::string_view, 10> kFilter{
      "content_filter", "content_filtered",     "safety",   "recitation", "blocklist", "prohibited_content", "spii",
      "refusal",        "guardrail_intervened", "sensitive"};
  constexpr std::array<std::string_view, 4> kTools{"tool_calls", "tool_call", "tool_use", "function_call"};
  constexpr std::array<std::string_view, 8> kError{
      "error",  "network_error", "model_error", "server_error",
      "failed", "abort",         "aborted",     "insufficient_system_resource"};
  if (is_among(kLength, word)) return Finish::length;
  if (is_among(kFilter, word)) return Finish::content_filter;
  if (is_among(kTools, word)) return Finish::tool_calls;
  if (is_among(kError, word)) return Finish::error;
  return Finish::stop;
}

// Some servers count in floating point.
std::optional<std::size_t> count_in(const json& value) {
  constexpr double kMost = 1'000'000'000;
  if (!value.is_number()) return std::nullopt;
  const auto number = value.get<double>();
  if (!(number >= 0 && number <= kMost) || number != std::floor(number)) return std::nullopt;
  return static_cast<std::size_t>(number);
}

std::optional<TokenUsage> usage_in(const json& usage) {
  const auto count = [&](const char* name, const char* other_name) {
    const auto found = count_in(member(usage, name));
    return found ? found : count_in(member(usage, other_name));
  };
  const auto prompt = count("prompt_tokens", "input_tokens");
  const auto answer = count("completion_tokens", "output_tokens");
  if (!prompt || !answer) return std::nullopt;
  return TokenUsage{.prompt = *prompt, .answer = *answer};
}

std::optional<TokenUsage> usage_of(const json& document) {
  const auto usage = usage_in(member(document, "usage"));
  return usage ? usage : usage_in(member(member(document, "x_groq"), "usage"));
}

const json* first_choice(const json& document) {
  const json& choices = member(document, "choices");
  if (!choices.is_array()) return nullptr;
  for (const json& choice : choices) {
    const json& index = member(choice, "index");
    if (choice.is_object() && (!index.is_number() || index == json(0))) return &choice;
  }
  return nullptr;
}

// Ollama's own form: {"message":{"content":…},"done":false}, the last one with "done_reason".
std::optional<json> choice_of_ollama(const json& document) {
  const json& done = member(document, "done");
  const json& message = member(document, "message");
  if (!done.is_boolean() || !message.is_object()) return std::nullopt;
  const json& reason = member(document, "done_reason");
  return json{{"delta", message},
              {"finish_reason", done == json(false)  ? json()
                                : reason.is_string() ? reason
                                                     : "stop"}};
}

base::Status read_choice(const json& choice, ToolCallOrder& order, ChatChunk& chunk) {
  if (const json& error = member(choice, "error"); !is_nothing(error)) return base::fail(reported(error));
  chunk.has_choice = true;
  chunk.finish = finish_of(member(choice, "finish_reason"));
  chunk.is_message = !member(choice, "delta").is_object();
  const json& delta = member(choice, chunk.is_message ? "message" : "delta");
  auto texts = content_of(delta.is_object() ? member(delta, "content") : member(choice, "text"));
  if (!texts) return base::fail(texts.error());
  chunk.text = std::move(texts->text);
  chunk.reasoning = std::move(texts->reasoning);
  const json& reasoning = member(delta, "reasoning_content");
  chunk.is_reasoning_named_so = !reasoning.is_string() || text_in(reasoning).empty();
  append_without_nul(chunk.reasoning, text_in(chunk.is_reasoning_named_so ? member(delta, "reasoning") : reasoning));
  if (text_in(member(delta, "reasoning")).empty()) chunk.is_reasoning_named_so = false;
  append_without_nul(chunk.refusal, text_in(member(delta, "refusal")));
  if (delta.is_object()) add_fields(delta, order, chunk);
  return {};
}

base::Result<ChatChunk> read_document(const json& document, ToolCallOrder& order) {
  if (auto error = error_in(document)) return base::fail(std::move(*error));
  ChatChunk chunk{.usage = usage_of(document)};
  if (const json* choice = first_choice(document)) {
    if (auto read = read_choice(*choice, order, chunk); !read) return base::fail(read.error());
  } else if (const auto other = choice_of_ollama(document)) {
    if (auto read = read_choice(*other, order, chunk); !read) return base::fail(read.error());
  }
  return chunk;
}

}  // namespace

bool is_json_object(std::string_view text) {
  return text.starts_with('{') && text.ends_with('}') && json::accept(text);
}

base::Result<ChatChunk> parse_chat_chunk(std::string_view data, ToolCallOrder& order) {
  json document = parse_strictly(data);
  const bool is_repaired = document.is_discarded();
  if (is_repaired) document = parse_strictly(repair_json(data));
  // Some servers send an error as a JSON string.
  if (document.is_discarded() || document.is_string()) {
    return base::fail(Code::corrupt, "an event of the stream is not a JSON object");
  }
  // Some servers wrap a document, usually an error, in a list.
  const bool is_wrapped = document.is_array() && !document.empty() && document.front().is_object();
  auto chunk = read_document(is_wrapped ? document.front() : document, order);
  if (chunk) chunk->is_repaired = is_repaired;
  return chunk;
}

}  // namespace chatcore::llm
