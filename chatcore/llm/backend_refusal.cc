#include "chatcore/llm/backend_refusal.h"

#include <algorithm>
#include <array>
#include <charconv>
#include <initializer_list>

#include <nlohmann/json.hpp>

#include "base/http_text.h"

namespace chatcore::llm {
namespace {

using nlohmann::json;
using Kind = BackendRefusal::Kind;

constexpr int kMaxDepth = 16;
constexpr std::size_t kMaxTextBytes = 8u << 10;
constexpr std::size_t kMaxIdentifierBytes = 64;

struct ReportedError {
  json root;         // the object that contains the error
  std::string text;  // all its texts in lower case, a space between them
};

const json& member(const json& object, std::string_view name) {
  static const json kNull;
  if (!object.is_object()) return kNull;
  const auto found = object.find(name);
  return found == object.end() ? kNull : *found;
}

// The path to a field, as pydantic has it: ["body","stream_options"].
bool is_path(const json& value) {
  return value.is_array() &&
         std::ranges::all_of(value, [](const json& one) { return one.is_string() || one.is_number(); });
}

void gather(const json& value, std::string& text, int depth) {
  if (text.size() > kMaxTextBytes || depth > kMaxDepth) return;
  if (value.is_string()) text += " " + value.get_ref<const std::string&>();
  if (is_path(value)) {
    std::string path;
    for (const json& step : value)
      path += (path.empty() ? "" : ".") + (step.is_string() ? step.get<std::string>() : step.dump());
    text += " " + path;
    return;
  }
  if (value.is_array()) {
    for (const json& one : value) gather(one, text, depth + 1);
  }
  if (!value.is_object()) return;
  for (const auto& [name, one] : value.items()) {
    // {"detail":{"temperature":"not supported"}}
    if (std::ranges::find(optional_fields(), name) != optional_fields().end()) text += " '" + name + "'";
    // Quotes of the request itself are skipped.
    if (name != "input" && name != "flagged_input" && name != "body" && name != "url") gather(one, text, depth + 1);
  }
}

ReportedError read(std::string_view body) {
  json document = json::parse(
      body, [](int depth, json::parse_event_t, json&) { return depth <= kMaxDepth; }, false);
  if (document.is_discarded()) document = std::string(body.substr(0, kMaxTextBytes));
  if (document.is_array() && !document.empty()) document = json(document.front());
  ReportedError reported;
  // Invalid UTF-8 is harmless here: the text is not printed.
  gather(document, reported.text, 0);
  reported.text.resize(std::min(reported.text.size(), kMaxTextBytes));
  reported.text = base::lower_case(reported.text);
  const json& error = member(document, "error");
  const json& message = member(document, "message");
  reported.root = error.is_object() ? error : message.is_object() && error.is_null() ? message : document;
  return reported;
}

bool has_any(std::string_view text, std::initializer_list<std::string_view> phrases) {
  return std::ranges::any_of(phrases, [&](auto phrase) { return text.find(phrase) != std::string_view::npos; });
}

bool is_word_byte(char c) {
  return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '_';
}

// `quoted`: in quotes or at the end of a path ("body.user"), since the word alone is English.
bool names(std::string_view text, std::string_view word, bool quoted) {
  constexpr std::string_view kQuotes = "'\"`.";
  for (auto at = text.find(word); at != std::string_view::npos; at = text.find(word, at + 1)) {
    const std::size_t end = at + word.size();
    if (quoted && (at == 0 || kQuotes.find(text[at - 1]) == std::string_view::npos)) continue;
    if ((at == 0 || !is_word_byte(text[at - 1])) && (end == text.size() || !is_word_byte(text[end]))) return true;
  }
  return false;
}

std::string identifier(const json& value, std::string_view key) {
  const std::string text = value.is_string() ? value.get<std::string>() : value.is_number_integer() ? value.dump() : "";
  const bool is_one = !text.empty() && text.size() <= kMaxIdentifierBytes &&
                      std::ranges::all_of(text, [](char c) { return is_word_byte(c) || c == '.' || c == '-'; });
  // Of a key a part is quoted sometimes.
  const bool may_be_key =
      text.starts_with("sk-") || (!key.empty() && (text.find(key) != std::string::npos ||
                                                   (text.size() >= 8 && key.find(text) != std::string_view::npos)));
  return is_one && !may_be_key ? text : "";
}

// --- Numbers in a text

struct Number {
  std::size_t value = 0;
  std::size_t begin = 0;
  std::size_t end = 0;
};

// "8192" and "8,192", but not the 4 of "gpt-4" or "v4".
std::vector<Number> numbers_in(std::string_view text) {
  constexpr std::size_t kLeast = 64;
  constexpr std::size_t kMost = 1'000'000'000;
  std::vector<Number> numbers;
  const auto is_digit = [&](std::size_t at) { return at < text.size() && text[at] >= '0' && text[at] <= '9'; };
  for (std::size_t at = 0; at < text.size();) {
    if (!is_digit(at)) {
      ++at;
      continue;
    }
    const std::size_t begin = at;
    std::string digits;
    for (; is_digit(at) ||
           (at < text.size() && text[at] == ',' && is_digit(at + 1) && is_digit(at + 2) && is_digit(at + 3));
         ++at) {
      if (text[at] != ',') digits += text[at];
    }
    const bool is_part_of_name =
        begin > 0 && (is_word_byte(text[begin - 1]) || text[begin - 1] == '-' || text[begin - 1] == '.');
    std::size_t value = 0;
    const auto [end, error] = std::from_chars(digits.data(), digits.data() + digits.size(), value);
    if (error == std::errc() && !is_part_of_name && value >= kLeast && value <= kMost) {
      numbers.push_back({.value = value, .begin = begin, .end = at});
    }
  }
  return numbers;
}

std::optional<std::size_t> count(const json& value) {
  if (!value.is_number_unsigned()) return std::nullopt;
  const auto number = value.get<std::size_t>();
  return number > 0 && number <= 1'000'000'000 ? std::optional(number) : std::nullopt;
}

// The number that belongs to a phrase: the first one shortly after it.
std::optional<std::size_t> number_behind(std::string_view text, const std::vector<Number>& numbers,
                                         std::initializer_list<std::string_view> phrases) {
  constexpr std::size_t kNear = 32;
  for (const auto phrase : phrases) {
    for (auto at = text.find(phrase); at != std::string_view::npos; at = text.find(phrase, at + 1)) {
      const std::size_t end = at + phrase.size();
      const auto next = std::ranges::find_if(numbers, [&](const Number& one) { return one.begin >= end; });
      if (next == numbers.end() || next->begin - end > kNear) continue;
      // "exceeds the context length by 100 tokens"
      const std::string_view between = text.substr(end, next->begin - end);
      if (between.find(" by ") == std::string_view::npos) return next->value;
    }
  }
  return std::nullopt;
}

std::optional<std::size_t> number_before(std::string_view text, const std::vector<Number>& numbers,
                                         std::initializer_list<std::string_view> phrases) {
  for (const Number& one : numbers) {
    const std::string_view rest = text.substr(one.end);
    if (std::ranges::any_of(phrases, [&](auto phrase) { return rest.starts_with(phrase); })) return one.value;
  }
  return std::nullopt;
}

// --- What it is about

bool is_rate_limit(std::string_view text) {
  return has_any(text, {"rate limit", "rate_limit", "per minute", "per min", "per day", "per hour", "(tpm)", "(rpm)"});
}

bool is_context_code(const ReportedError& reported) {
  for (const char* name : {"code", "type", "error_type", "reason", "status"}) {
    const json& value = member(reported.root, name);
    if (!value.is_string()) continue;
    const std::string word = base::lower_case(value.get<std::string>());
    if (has_any(word, {"context_length", "exceed_context", "context_size", "context_window", "contextwindow",
                       "prompt_too_long", "max_prompt_tokens", "tokens_limit_reached", "request_too_large"})) {
      return true;
    }
  }
  return member(reported.root, "n_ctx").is_number();
}

bool is_about_context(std::string_view text) {
  if (is_rate_limit(text)) return false;
  const bool names_context = has_any(text, {"context length", "context size", "context window", "context limit",
                                            "maximum context", "context the overflow"});
  if (names_context && has_any(text, {"exceed", "too long", "too large", "longer", "larger", "greater", "maximum",
                                      "reduce", "not enough", "overflow", "surpass", "fit"})) {
    return true;
  }
  const bool names_prompt = has_any(text, {"prompt", "input", "message", "token"});
  return names_prompt &&
         has_any(text,
                 {"prompt is too long", "prompt too long", "input is too long", "input too long", "messages too long",
                  "too many tokens", "too many input tokens", "longer than the maximum", "maximum number of tokens",
                  "maximum input length", "maximum prompt length", "maximum model length", "max_new_tokens` must be",
                  "reduce the length", "token limit", "exceeds the model's max", "prompt length", "input token count"});
}

void read_sizes(const ReportedError& reported, BackendRefusal& refusal) {
  const std::string_view text = reported.text;
  const auto numbers = numbers_in(text);
  refusal.context_tokens = count(member(reported.root, "n_ctx"));
  refusal.prompt_tokens = count(member(reported.root, "n_prompt_tokens"));
  if (!refusal.context_tokens) {
    refusal.context_tokens = number_before(text, numbers, {" maximum"});
  }
  if (!refusal.context_tokens) {
    refusal.context_tokens = number_behind(
        text, numbers,
        {"context length", "context size", "context window", "context limit", "model length", "prompt length is",
         "maximum input length", "must be <=", "tokens allowed", "maximum", "limit", "> "});
  }
  if (!refusal.prompt_tokens) {
    refusal.prompt_tokens =
        number_before(text, numbers,
                      {" in the messages", " of text input", " input tokens", " tokens from the input",
                       " in the prompt", " in your prompt", " `inputs` tokens"});
  }
  // Another number that is larger than the limit is the length of the request.
  if (refusal.context_tokens && !refusal.prompt_tokens) {
    for (const Number& one : numbers) {
      if (one.value > *refusal.context_tokens)
        refusal.prompt_tokens = std::max(refusal.prompt_tokens.value_or(0), one.value);
    }
  }
  // A number this small is not a context length.
  constexpr std::size_t kLeastContext = 128;
  if (refusal.context_tokens && *refusal.context_tokens < kLeastContext) refusal.context_tokens.reset();
}

bool is_about_operators(const ReportedError& reported) {
  for (const char* name : {"code", "type", "reason", "status"}) {
    const json& value = member(reported.root, name);
    if (!value.is_string()) continue;
    const std::string word = base::lower_case(value.get<std::string>());
    if (has_any(word, {"api_key", "apikey", "authentication", "unauthorized", "permission_denied", "model_not_found",
                       "modelnotfound", "model_not_supported", "unknown_model", "deploymentnotfound",
                       "insufficient_quota", "billing", "account_", "payment", "insufficient_balance"})) {
      return true;
    }
  }
  const bool names_no_model =
      has_any(reported.text, {"model"}) &&
      has_any(reported.text, {"does not exist", "not found", "no such model", "unknown model", "not a valid model"});
  return names_no_model || has_any(reported.text, {"api key", "api_key", "insufficient quota", "insufficient balance",
                                                   "exceeded your current quota", "credit balance"});
}

bool is_moderation(std::string_view text) {
  return has_any(
      text, {"moderation", "flagged", "content_policy", "content policy", "content_filter", "safety", "guideline"});
}

bool is_about_template(std::string_view text) {
  return has_any(text, {"must alternate", "jinja", "chat template", "chat_template", "template error"});
}

bool is_about_system_role(std::string_view text) {
  return has_any(text, {"system role not supported", "system role is not supported",
                        "system messages are not supported", "system message is not supported",
                        "does not support system", "does not support 'system'", "developer instruction is not enabled",
                        "system prompt is not supported", "system instruction is not enabled"});
}

bool says_unsupported(std::string_view text) {
  return has_any(text, {"unsupported",   "not supported",       "not support",      "n't support",
                        "unrecognized",  "unrecognised",        "unknown",          "unexpected",
                        "extra inputs",  "extra_forbidden",     "extra field",      "additional propert",
                        "not permitted", "not allowed",         "not recognized",   "not implemented",
                        "deprecated",    "cannot be used",      "can't be used",    "no longer",
                        "not available", "is allowed for this", "only the default", "not a valid field",
                        "cannot both"});
}

void read_fields(const ReportedError& reported, BackendRefusal& refusal) {
  if (!says_unsupported(reported.text)) return;
  const std::string_view param = std::string_view(refusal.param).substr(0, refusal.param.find('.'));
  const auto& optional = optional_fields();
  const bool has_param = std::ranges::find(optional, param) != optional.end();
  // `param` names the field, whatever the text says.
  if (!has_param && !param.empty() && param != "body") return;
  for (const std::string& field : optional) {
    const bool is_english =
        field == "user" || field == "store" || field == "seed" || field == "metadata" || field == "verbosity";
    if (has_param ? field == param : names(reported.text, field, is_english))
      refusal.fields.push_back(field);
    else if (names(reported.text, field, is_english))
      refusal.also_named.push_back(field);
  }
  refusal.are_exclusive = refusal.fields.size() > 1 && has_any(reported.text, {"both", "together", "mutually"});
}

// A text of an answer may speak of errors as well.
bool has_error(std::string_view event) {
  if (event.find("\"error\"") == std::string_view::npos) return false;
  const json document = json::parse(
      event, [](int depth, json::parse_event_t, json&) { return depth <= kMaxDepth; }, false);
  const json& error = member(document, "error");
  return (error.is_object() || error.is_string()) && !error.empty();
}

int status_within(const ReportedError& reported) {
  const json& code = member(reported.root, "code");
  const auto number = count(code.is_number() ? code : member(reported.root, "status"));
  return number && *number >= 400 && *number < 600 ? static_cast<int>(*number) : 500;
}

Kind kind_of(int status, const ReportedError& reported, const BackendRefusal& refusal) {
  // A redirection, which is not followed since the request has the key: base_url must name the new place.
  if (status < 400) return Kind::operators;
  if (status == 401 || status == 402 || status == 407) return Kind::operators;
  if (status == 403) return is_moderation(reported.text) ? Kind::request : Kind::operators;
  if (status == 404) return Kind::operators;
  if (status == 429) return is_about_operators(reported) ? Kind::operators : Kind::busy;
  if (status == 413 && is_rate_limit(reported.text)) return Kind::busy;
  if (refusal.is_typed || is_about_context(reported.text)) return Kind::context;
  if (status == 413) return reported.root.is_object() ? Kind::context : Kind::size;
  if (status == 408 || status == 409 || status == 425) return Kind::busy;
  if (is_about_system_role(reported.text) || refusal.param.starts_with("messages.0.role")) return Kind::system_role;
  if (is_about_template(reported.text)) return Kind::request;
  if (status == 501 && !refusal.fields.empty()) return Kind::field;
  if (status == 500 || status == 501) return Kind::failure;
  if (status > 500) return Kind::busy;
  if (is_about_operators(reported)) return Kind::operators;
  return refusal.fields.empty() ? Kind::request : Kind::field;
}

}  // namespace

const std::vector<std::string>& optional_fields() {
  static const std::vector<std::string> kFields{"temperature",
                                                "top_p",
                                                "presence_penalty",
                                                "frequency_penalty",
                                                "max_tokens",
                                                "max_completion_tokens",
                                                "seed",
                                                "user",
                                                "store",
                                                "metadata",
                                                "service_tier",
                                                "stream_options",
                                                "verbosity",
                                                "reasoning_effort",
                                                "prompt_cache_key",
                                                "safety_identifier"};
  return kFields;
}

BackendRefusal read_refusal(int status, std::string_view body, std::string_view key) {
  const ReportedError reported = read(body);
  BackendRefusal refusal;
  refusal.code = identifier(member(reported.root, "code"), key);
  refusal.type = identifier(member(reported.root, "type"), key);
  refusal.param = identifier(member(reported.root, "param"), key);
  if (status / 100 == 2) status = status_within(reported);
  // The status is sufficient.
  if (refusal.code == std::to_string(status)) refusal.code.clear();
  refusal.is_typed = is_context_code(reported) && !is_rate_limit(reported.text);
  read_fields(reported, refusal);
  refusal.kind = kind_of(status, reported, refusal);
  if (refusal.kind == Kind::context) read_sizes(reported, refusal);
  return refusal;
}

std::optional<BackendRefusal> refusal_in_stream(std::string_view stream, std::string_view key) {
  constexpr std::string_view kData = "data:";
  // One JSON document in place of a stream.
  if (has_error(stream)) {
    auto refusal = read_refusal(200, stream, key);
    if (refusal.kind != Kind::failure && refusal.kind != Kind::busy) return refusal;
  }
  bool is_error_event = false;
  while (!stream.empty()) {
    const std::size_t end = std::min(stream.find_first_of("\r\n"), stream.size());
    const std::string_view line = stream.substr(0, end);
    stream.remove_prefix(std::min(end + 1, stream.size()));
    if (line.starts_with("event:")) is_error_event = line.find("error") != std::string_view::npos;
    if (!line.starts_with(kData)) continue;
    if (!is_error_event && !has_error(line.substr(kData.size()))) continue;
    auto refusal = read_refusal(200, line.substr(kData.size()), key);
    if (refusal.kind == Kind::failure || refusal.kind == Kind::busy) continue;
    return refusal;
  }
  return std::nullopt;
}

}  // namespace chatcore::llm
