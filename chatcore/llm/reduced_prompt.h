#pragma once
// Smaller prompts for a question whose prompt the backend refused or broke on. The cause may be a text that is not the
// question: an earlier answer, a system message of the conversation, the summary, a chunk. Without a smaller prompt
// every later question of the conversation would fail too.
//
//   full           the conversation with its summary, and chunks
//   without_turns  the conversation's system messages and the request; no summary, no chunks
//   request_alone  the request's own messages
//
// All three have the configured system prompt and the request's instructions. Pure.

#include <optional>
#include <vector>

#include "chatcore/conversation/message.h"
#include "chatcore/llm/answerer.h"

namespace chatcore::llm {

enum class PromptExtent { full, without_turns, request_alone };

// The messages of a prompt that is not full. `conversation` ends with the messages of `request`.
std::vector<conversation::Message> reduced_messages(PromptExtent extent,
                                                    const std::vector<conversation::Message>& conversation,
                                                    const std::vector<conversation::Message>& request);

// The next smaller extent whose prompt differs from the last one; absent: there is none. `full` are the messages of
// the full prompt, `has_additions` whether it has a summary or chunks.
std::optional<PromptExtent> next_extent(PromptExtent last, const std::vector<conversation::Message>& full,
                                        bool has_additions, const std::vector<conversation::Message>& conversation,
                                        const std::vector<conversation::Message>& request);

// Whether a smaller prompt may get an answer: the backend received this one and refused it, broke on it, or filtered
// the whole answer. False if the same prompt may get an answer later (rate limit, timeout, no connection, open
// breaker), if the refusal concerns the key, the model or a field other than the messages, and if the prompt was too
// long, which the answerer has handled. REQUIRES: nothing of the answer has come.
bool may_succeed_if_reduced(const Generated& generated);

}  // namespace chatcore::llm
