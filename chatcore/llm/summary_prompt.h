#pragma once
// What a language model is asked for a summary of what left a conversation's window, and how that summary then stands
// in the conversation's prompts. Pure.

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "chatcore/conversation/message.h"
#include "chatcore/llm/answerer.h"

namespace chatcore::llm {

// The summary as a part of the system message, marked as what it is; "" when there is none. What users and answers said
// is in it in a model's words, so it is said to be no instruction.
std::string summary_note(const conversation::Summary& summary);

// The bytes of messages that one prompt for a summary may hold when the model's context has so many tokens; 0: unknown.
std::size_t summary_material_bytes(std::size_t context_tokens);

struct SummaryPrompt {
  Prompt prompt;
  std::int64_t up_to = 0;  // the last message that is in it
};

// Asks for a summary, of about `max_bytes` at most, of the former one (which may be empty) and of as many of the
// `messages` (at least one, oldest first) as go into one prompt. The middle of a long message is left out.
SummaryPrompt summary_prompt(const conversation::Summary& former, const std::vector<conversation::Message>& messages,
                             std::size_t max_bytes, std::size_t material_bytes = summary_material_bytes(0));

// What came of it, as it is kept: without the space around it, at most `max_bytes`, cut at the end of a word.
std::string kept_summary(std::string_view answer, std::size_t max_bytes);

}  // namespace chatcore::llm
