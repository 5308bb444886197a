#include "chatcore/api/embedding_requests.h"

#include "chatcore/api/json_reader.h"

namespace chatcore::api {
namespace {

constexpr std::size_t kMaxInputs = 2048;          // OpenAI's bound
constexpr std::size_t kMaxInputBytes = 32 << 10;  // OpenAI's bound of 8192 tokens, at about four bytes each

std::string read_text(const Json& entry, const std::string& where, Fault& fault) {
  const auto refuse = [&](const char* code, const std::string& message) {
    fault = bad_request(code, message, where);
    return std::string();
  };
  if (entry.is_number() || entry.is_array()) return refuse("unsupported_input", "Tokens are not understood: send text");
  if (!entry.is_string()) return refuse("invalid_type", "Each input must be a string");
  auto text = entry.get<std::string>();
  if (text.empty()) return refuse("invalid_value", "An input must not be empty");
  if (text.size() > kMaxInputBytes) return refuse("invalid_value", "An input is longer than 32768 bytes");
  if (text.find('\0') != std::string::npos) return refuse("invalid_text", "An input holds a NUL character");
  return text;
}

std::vector<std::string> read_input(JsonReader& reader) {
  const Json* input = reader.find("input");
  if (input == nullptr) {
    reader.refuse("input", "missing_field", "\"input\" is missing");
    return {};
  }
  if (!input->is_array()) return {read_text(*input, "input", reader.fault())};
  const Json* list = reader.list("input", kMaxInputs);
  if (list != nullptr && list->empty()) reader.refuse("input", "invalid_value", "\"input\" must not be empty");
  std::vector<std::string> texts;
  for (std::size_t i = 0; !reader.fault() && i < list->size(); ++i) {
    texts.push_back(read_text((*list)[i], "input[" + std::to_string(i) + "]", reader.fault()));
  }
  return texts;
}

}  // namespace

Parsed<EmbeddingRequest> parse_embedding_request(std::string_view body, std::size_t dimensions) {
  const auto object = parse_json_object(body);
  if (!object) return tl::unexpected(object.error());
  Fault fault;
  JsonReader reader(*object, "", fault);
  EmbeddingRequest request;
  (void)reader.text("model");
  const std::string format = reader.text("encoding_format");
  if (!format.empty() && format != "float" && format != "base64") {
    reader.refuse("encoding_format", "invalid_value", "\"encoding_format\" must be float or base64");
  }
  request.base64 = format == "base64";
  if (const Json* wanted = reader.find("dimensions"); wanted != nullptr && *wanted != Json(dimensions)) {
    reader.refuse("dimensions", "unsupported_parameter",
                  "The model's vectors have " + std::to_string(dimensions) + " dimensions and no others");
  }
  request.input = read_input(reader);
  if (fault) return tl::unexpected(*fault);
  return request;
}

}  // namespace chatcore::api
