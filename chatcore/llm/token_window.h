#pragma once
// How much of a conversation goes into a prompt: as many of its last messages as a budget of tokens allows beside the
// note of its summary. Pure.

#include <cstddef>
#include <cstdint>
#include <vector>

#include "chatcore/conversation/message.h"

namespace chatcore::llm {

// The system messages that `window` begins with, and the newest questions with their answers that fit beside these and
// the note of the summary (which is not among them), oldest first; a question and its answer are never parted. The last
// question is always there, however long. `max_tokens` 0: all of `window`.
std::vector<conversation::Message> within_tokens(const std::vector<conversation::Message>& window,
                                                 std::size_t max_tokens, const conversation::Summary& summary = {});

// What neither such a prompt nor the summary has of a conversation.
struct LeftOut {
  std::int64_t messages = 0;  // at most: those removed since are counted too
  std::int64_t before = 0;    // the message that they all precede
};
LeftOut left_out(const std::vector<conversation::Message>& window, std::size_t max_tokens,
                 const conversation::Summary& summary);

}  // namespace chatcore::llm
