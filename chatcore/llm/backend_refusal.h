#pragma once
// Classifies a backend's error response: its cause, and which change of the request would help. Servers deviate from
// OpenAI's form ({"error":{…}}, {"message":…}, {"error":"…"}, {"detail":[…]}, each possibly in a list), so identifiers
// and a few phrases are searched for anywhere in it. Pure. The response's free text is not kept: it may quote the key
// or the prompt.

#include <cstddef>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace chatcore::llm {

struct BackendRefusal {
  enum class Kind {
    request,      // the request is invalid
    context,      // the request is longer than the model's context, or than the server accepts
    size,         // a proxy in front of the backend refuses a body of this size: 413 without an error in JSON
    field,        // a field that the backend does not know or support: `fields`
    system_role,  // the model's template has no system message
    operators,    // the configured key, model or account: only the operator can help
    busy,         // temporary: overloaded, starting, rate limit
    failure,      // the backend failed while it handled the request
  };
  Kind kind = Kind::failure;
  // Identifiers ([A-Za-z0-9_.-]{1,64}) that do not hold our key; else empty.
  std::string code = {};
  std::string type = {};
  std::string param = {};
  std::optional<std::size_t> context_tokens = {};  // how long the model's context is
  std::optional<std::size_t> prompt_tokens = {};   // how long the prompt was
  bool is_typed = false;  // `context` comes from a code, a type or a field, which quoted text cannot imitate
  // Those of optional_fields() that are refused, and those that the error names otherwise ("use … instead").
  std::vector<std::string> fields = {};
  std::vector<std::string> also_named = {};
  bool are_exclusive = false;  // the fields are mutually exclusive
};

// The fields of a chat request that can be left out without a change of the answer's form. Other fields are never left
// out.
const std::vector<std::string>& optional_fields();

// `status` is an error status, or 200 with a JSON body that is an error; `body` may be cut off; `key` is the API key,
// which must not be in the result.
BackendRefusal read_refusal(int status, std::string_view body, std::string_view key);

// The same for an error event in a stream with status 200. `stream` is the beginning of the stream. Absent: it has no
// error, or the error does not concern the request.
std::optional<BackendRefusal> refusal_in_stream(std::string_view stream, std::string_view key);

}  // namespace chatcore::llm
