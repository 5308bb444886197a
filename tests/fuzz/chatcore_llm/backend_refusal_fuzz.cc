// For any error body: only identifiers are kept, and the amended request is shorter.

#include <algorithm>

#include "../fuzz.h"
#include "chatcore/llm/learned_limits.h"
#include "chatcore/llm/openai_json.h"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace chatcore;
  const auto text = fuzz::text_of(data, size);
  if (const auto said = llm::refusal_in_stream(text, "a-secret-key")) {
    fuzz::require(said->kind != llm::BackendRefusal::Kind::failure, "it says something of the request");
  }
  const auto refusal = llm::read_refusal(400, text, "a-secret-key");
  for (const auto& name : {refusal.code, refusal.type, refusal.param}) {
    fuzz::require(name.size() <= 64, "an identifier is short");
    fuzz::require(name.find("a-secret-key") == std::string::npos, "the key is not repeated");
    fuzz::require(std::ranges::all_of(name, [](char c) { return c > ' ' && c < 0x7F; }), "an identifier is one word");
  }
  llm::Prompt prompt{.messages = {}, .chunks = {}, .max_tokens = 100, .sampling = {.temperature = 1.0}};
  for (const auto role : {conversation::Role::user, conversation::Role::assistant, conversation::Role::user}) {
    prompt.messages.push_back({.role = role, .content = std::string(1000, 'x')});
  }
  auto body = llm::chat_request(prompt, "m", "S", "max_tokens");
  llm::BackendLimits learned;
  for (int asked = 0;; ++asked) {
    const auto next = llm::amended(body, refusal, learned);
    if (!next) break;
    fuzz::require(asked < 8, "it ends");
    body = *next;
  }
  return 0;
}
