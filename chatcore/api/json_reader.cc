#include "chatcore/api/json_reader.h"

#include <algorithm>
#include <utility>

#include "base/utf8.h"

namespace chatcore::api {
namespace {

// OpenAI's deepest request nests about ten; a parser's tree of a deeper one costs far more memory than its text.
constexpr int kMaxDepth = 32;
// OpenAI's bounds.
constexpr std::size_t kMaxMetadataPairs = 16;
constexpr std::size_t kMaxMetadataKeyLetters = 64;
constexpr std::size_t kMaxMetadataValueLetters = 512;

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

std::string in_quotes(std::string_view name) { return "\"" + std::string(name) + "\""; }

bool is_nothing(const Json& value) {
  return value == Json(false) || value == Json(0) || value == Json("") ||
         ((value.is_array() || value.is_object()) && value.empty());
}

// Code points, of a text that is valid UTF-8.
std::size_t letters_of(std::string_view text) {
  return static_cast<std::size_t>(std::ranges::count_if(text, [](char c) { return !base::is_utf8_continuation(c); }));
}

// PostgreSQL's jsonb does not take one.
bool has_nul(const std::string& text) { return text.find('\0') != std::string::npos; }

std::string shown(double number) {
  std::string text = std::to_string(number);
  text.erase(text.find_last_not_of('0') + 1);
  if (text.back() == '.') text.pop_back();
  return text;
}

}  // namespace

Parsed<Json> parse_json_object(std::string_view body) {
  const auto invalid = [](const char* why) { return tl::unexpected(bad_request("invalid_json", why)); };
  if (is_too_deep(body)) return invalid("The body nests too deeply");
  // Refuses invalid UTF-8 and lone surrogates too.
  Json document = Json::parse(body, nullptr, false);
  if (document.is_discarded()) return invalid("The body is not valid JSON in UTF-8");
  if (!document.is_object()) return invalid("The body must be a JSON object");
  return document;
}

JsonReader::JsonReader(const Json& object, std::string where, Fault& fault)
    : object_(object), where_(std::move(where)), fault_(fault) {}

const Json* JsonReader::find(std::string_view name) const {
  if (fault_) return nullptr;
  const auto found = object_.find(name);
  return found == object_.end() || found->is_null() ? nullptr : &*found;
}

std::string JsonReader::text(std::string_view name) {
  const Json* found = find(name);
  if (found == nullptr) return "";
  if (!found->is_string()) {
    refuse(name, "invalid_type", in_quotes(name) + " must be a string");
    return "";
  }
  auto value = found->get<std::string>();
  if (value.find('\0') == std::string::npos) return value;
  refuse(name, "invalid_text", in_quotes(name) + " holds a NUL character");
  return "";
}

std::string JsonReader::required_text(std::string_view name) {
  if (find(name) == nullptr) refuse(name, "missing_field", in_quotes(name) + " is missing");
  return text(name);
}

bool JsonReader::flag(std::string_view name, bool otherwise) {
  const Json* found = find(name);
  if (found == nullptr) return otherwise;
  if (found->is_boolean()) return found->get<bool>();
  refuse(name, "invalid_type", in_quotes(name) + " must be true or false");
  return otherwise;
}

std::uint64_t JsonReader::whole_number(std::string_view name, std::uint64_t least, std::uint64_t most) {
  const Json* found = find(name);
  if (found == nullptr) return 0;
  if (found->is_number_unsigned()) {
    const auto value = found->get<std::uint64_t>();
    if (value >= least && value <= most) return value;
  }
  refuse(name, "invalid_value",
         in_quotes(name) + " must be a whole number from " + std::to_string(least) + " to " + std::to_string(most));
  return 0;
}

std::optional<double> JsonReader::number(std::string_view name, double least, double most) {
  const Json* found = find(name);
  if (found == nullptr) return std::nullopt;
  if (found->is_number() && found->get<double>() >= least && found->get<double>() <= most) return found->get<double>();
  refuse(name, "invalid_value", in_quotes(name) + " must be a number from " + shown(least) + " to " + shown(most));
  return std::nullopt;
}

const Json* JsonReader::object(std::string_view name) {
  const Json* found = find(name);
  if (found == nullptr || found->is_object()) return found;
  refuse(name, "invalid_type", in_quotes(name) + " must be an object");
  return nullptr;
}

const Json* JsonReader::list(std::string_view name, std::size_t most) {
  const Json* found = find(name);
  if (found == nullptr) return nullptr;
  if (!found->is_array())
    refuse(name, "invalid_type", in_quotes(name) + " must be a list");
  else if (found->size() > most)
    refuse(name, "invalid_value", in_quotes(name) + " has more than " + std::to_string(most) + " entries");
  else
    return found;
  return nullptr;
}

std::string JsonReader::metadata(std::string_view name) {
  const Json* found = object(name);
  if (found == nullptr) return "{}";
  for (const auto& [key, value] : found->items()) {
    const auto* const text = value.get_ptr<const std::string*>();
    if (found->size() > kMaxMetadataPairs || text == nullptr || letters_of(key) > kMaxMetadataKeyLetters ||
        letters_of(*text) > kMaxMetadataValueLetters) {
      refuse(name, "invalid_value",
             in_quotes(name) + " takes up to 16 pairs of a key of 64 letters and a text of 512 letters at most");
      return "{}";
    }
    if (has_nul(key) || has_nul(*text)) refuse(name, "invalid_text", in_quotes(name) + " holds a NUL character");
  }
  return found->dump();
}

void JsonReader::refuse(std::string_view name, std::string code, std::string message) {
  if (!fault_) fault_ = bad_request(std::move(code), std::move(message), param(name));
}

void JsonReader::refuse_unsupported(std::string_view name, std::initializer_list<Json> harmless) {
  const Json* found = find(name);
  if (found == nullptr || is_nothing(*found)) return;
  if (std::ranges::any_of(harmless, [&](const Json& value) { return *found == value; })) return;
  refuse(name, "unsupported_parameter", in_quotes(param(name)) + " is not supported by this server");
}

std::string JsonReader::param(std::string_view name) const {
  if (where_.empty()) return std::string(name);
  return name.empty() ? where_ : where_ + "." + std::string(name);
}

}  // namespace chatcore::api
