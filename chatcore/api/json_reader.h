#pragma once
// For the parsers of requests (*_requests.cc) alone: reads fields of a JSON object and remembers the first fault, so
// that a parser reads all it wants and asks once at its end. Nothing gets past here that storage or a prompt could
// stumble over: no NUL, no invalid UTF-8, no lone surrogate, no nesting without end.

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include <nlohmann/json.hpp>

#include "chatcore/api/problem.h"

namespace chatcore::api {

using Json = nlohmann::json;

// A body that must be an object.
Parsed<Json> parse_json_object(std::string_view body);

// The first thing that was wrong with one request.
using Fault = std::optional<Problem>;

// The fields of one object. An absent field and null are the same. After a fault every read returns "nothing".
class JsonReader {
 public:
  // `where` is the way to this object, as "messages[1]"; empty for the body. All three outlive the reader.
  JsonReader(const Json& object, std::string where, Fault& fault);

  // Null when absent.
  [[nodiscard]] const Json* find(std::string_view name) const;
  std::string text(std::string_view name);           // "" when absent
  std::string required_text(std::string_view name);  // may be ""
  bool flag(std::string_view name, bool otherwise);
  // 0 when absent.
  std::uint64_t whole_number(std::string_view name, std::uint64_t least, std::uint64_t most);
  // Absent, or a number within the bounds.
  std::optional<double> number(std::string_view name, double least, double most);
  // Null when absent; else an object, or a list of at most `most` entries.
  const Json* object(std::string_view name);
  const Json* list(std::string_view name, std::size_t most);

  // OpenAI's metadata, as JSON text: at most 16 pairs of short texts. "{}" when absent.
  std::string metadata(std::string_view name);

  void refuse(std::string_view name, std::string code, std::string message);
  // What would change the answer's form or meaning and cannot be done is refused rather than ignored: a field that is
  // there and not one of its harmless values (false, 0, "", [], {} and those given).
  void refuse_unsupported(std::string_view name, std::initializer_list<Json> harmless = {});

  [[nodiscard]] std::string param(std::string_view name) const;
  [[nodiscard]] Fault& fault() const { return fault_; }

 private:
  const Json& object_;
  const std::string where_;
  Fault& fault_;
};

}  // namespace chatcore::api
