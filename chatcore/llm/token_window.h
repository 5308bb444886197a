#pragma once
// How much of a conversation goes into a prompt: as many of its last messages as a budget of tokens allows. Pure.

#include <cstddef>
#include <vector>

#include "chatcore/conversation/message.h"

namespace chatcore::llm {

// The system messages that `window` begins with, and the newest questions with their answers that fit, oldest first; a
// question and its answer are never parted. The last question is always there, however long. 0: all of `window`.
std::vector<conversation::Message> within_tokens(const std::vector<conversation::Message>& window,
                                                 std::size_t max_tokens);

}  // namespace chatcore::llm
