// Whatever a body holds, each parser of OpenAI's requests either refuses it with a readable error, or gives what
// storage and a prompt can take: within its bounds, UTF-8, no NUL.

#include <string>

#include "../fuzz.h"
#include "base/utf8.h"
#include "chatcore/api/completion_requests.h"
#include "chatcore/api/conversation_requests.h"
#include "chatcore/api/embedding_requests.h"
#include "chatcore/api/requests.h"
#include "chatcore/api/response_requests.h"

namespace {

using namespace chatcore;

void check(const std::string& text) {
  fuzz::require(base::is_valid_utf8(text), "a text is UTF-8");
  fuzz::require(text.find('\0') == std::string::npos, "a text holds no NUL");
}

void check(const std::vector<conversation::Message>& messages) {
  for (const auto& message : messages) check(message.content);
}

void check(const api::Problem& problem) {
  fuzz::require(problem.status == 400, "a wrong body is the client's fault");
  fuzz::require(!problem.code.empty() && !problem.message.empty(), "a refusal says what it is");
  fuzz::require(api::error_json(problem).size() < 4096, "a refusal is short whatever the body");
}

template <class Parsed, class Check>
void check_either(const Parsed& parsed, Check taken) {
  if (parsed)
    taken(*parsed);
  else
    check(parsed.error());
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const auto body = fuzz::text_of(data, size);
  for (const bool passes_on : {false, true}) {
    check_either(api::parse_completion_request(body, passes_on), [](const api::CompletionRequest& request) {
      fuzz::require(!request.messages.empty(), "a completion has a message");
      check(request.messages);
    });
  }
  check_either(api::parse_response_request(body, false), [](const api::ResponseRequest& request) {
    fuzz::require(!request.input.empty() && request.input.back().role == conversation::Role::user,
                  "a response answers a question");
    fuzz::require(request.conversation_id.empty() || request.previous_response_id.empty(), "one place to go on from");
    check(request.input);
    for (const auto& text : {request.instructions, request.conversation_id, request.metadata}) check(text);
  });
  check_either(api::parse_conversation_request(body), [](const api::ConversationRequest& request) {
    check(request.items);
    check(request.metadata);
  });
  check_either(api::parse_items_request(body), [](const auto& messages) {
    fuzz::require(!messages.empty() && messages.size() <= 20, "from 1 to 20 items");
    check(messages);
  });
  check_either(api::parse_metadata_request(body), [](const std::string& metadata) { check(metadata); });
  check_either(api::parse_embedding_request(body, 384), [](const api::EmbeddingRequest& request) {
    fuzz::require(!request.input.empty() && request.input.size() <= 2048, "from 1 to 2048 texts");
    for (const auto& text : request.input) check(text);
  });
  check_either(api::parse_assistant_request(body),
               [](const api::AssistantRequest& request) { check(request.message); });
  return 0;
}
