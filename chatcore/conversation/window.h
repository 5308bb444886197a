#pragma once
// Which messages of a conversation stay in memory and go into the next prompt. Pure.
//
// The window is the system message (the conversation's first message, when it has that role) and the last
// `max_messages` of the others; the system message is not counted. A question and its answer leave together: when
// the cut would fall between them the answer goes too, since it means little without its question. Only an answer that
// the whole conversation begins with, a greeting, may begin a window (llm/prompt_messages.h makes a prompt of it).
//
// Cut after a message has been appended, never before: cutting first lets history grow past its bound again.

#include <cstddef>
#include <vector>

#include "chatcore/conversation/message.h"

namespace chatcore::conversation {

// Positions [begin, end) in a vector of messages.
struct Range {
  std::size_t begin = 0;
  std::size_t end = 0;
  [[nodiscard]] std::size_t size() const { return end - begin; }
  friend bool operator==(const Range&, const Range&) = default;
};

// The messages, oldest first, that are outside the window and to be dropped. `max_messages` 0: no bound, and
// nothing is outside.
Range outside_window(const std::vector<Message>& messages, std::size_t max_messages);

}  // namespace chatcore::conversation
