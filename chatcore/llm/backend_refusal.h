#pragma once
// What a backend's answer to a request that it did not fulfil means: whose fault it is, and what would help. OpenAI's
// form is a custom that each server follows in its own way ({"error":{…}}, {"message":…}, {"error":"…"},
// {"detail":[…]}, a list around all of it), so names and a few phrases are looked for wherever they stand. Pure;
// nothing of the answer's free text is kept, since it may quote the key or the prompt.

#include <cstddef>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace chatcore::llm {

struct BackendRefusal {
  enum class Kind {
    request,      // this request, as it is
    context,      // it is longer than the model's context, or than what is taken at once
    field,        // a field that the backend does not know or support: `fields`
    system_role,  // the model's template knows no system message
    operators,    // our key, our model or our account: only the operator can help
    busy,         // another time it may be answered: overloaded, starting, limited in its rate
    failure,      // it broke at it
  };
  Kind kind = Kind::failure;
  // Identifiers ([A-Za-z0-9_.-]{1,64}) that do not hold our key; else empty.
  std::string code = {};
  std::string type = {};
  std::string param = {};
  std::optional<std::size_t> context_tokens = {};  // how long the model's context is
  std::optional<std::size_t> prompt_tokens = {};   // how long the prompt was
  bool is_typed = false;  // the context was named by a code, a type or a field, which no quoted text can bring about
  // Of kOptionalFields those that the answer is about, and those that it names otherwise ("use … instead").
  std::vector<std::string> fields = {};
  std::vector<std::string> also_named = {};
  bool is_not_together = false;  // the fields exclude one another
};

// The fields of a chat request that an answer can do without, at worst with other words in it. Others change its form,
// and belong to whoever asked for them.
const std::vector<std::string>& optional_fields();

// `status` is the answer's (any but a good one, or 200 with a body of JSON that is an error), `body` its beginning,
// `key` what must not be repeated.
BackendRefusal read_refusal(int status, std::string_view body, std::string_view key);

// The same for an error that came as an event of a stream whose status was good; absent: there is none in `stream`, the
// beginning of it as it came, or it is one that says nothing of the request.
std::optional<BackendRefusal> refusal_in_stream(std::string_view stream, std::string_view key);

}  // namespace chatcore::llm
