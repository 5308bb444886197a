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

// The summary as a system message, marked as what it is. What users and answers said is in it in a model's words, so it
// is said to be no instruction.
conversation::Message summary_note(const conversation::Summary& summary);

struct SummaryPrompt {
  Prompt prompt;
  std::int64_t up_to = 0;  // the last message that is in it
};

// Asks for a summary, of about `max_bytes` at most, of the former one (which may be empty) and of as many of the
// `messages` (at least one, oldest first) as go into one prompt. The middle of a long message is left out.
SummaryPrompt summary_prompt(const conversation::Summary& former, const std::vector<conversation::Message>& messages,
                             std::size_t max_bytes);

// What came of it, as it is kept: without the space around it, at most `max_bytes`, cut at the end of a word.
std::string kept_summary(std::string_view answer, std::size_t max_bytes);

}  // namespace chatcore::llm
