#include "chatcore/conversation/window.h"

namespace chatcore::conversation {

Range outside_window(const std::vector<Message>& messages, std::size_t max_messages) {
  const std::size_t begin = !messages.empty() && messages.front().role == Role::system ? 1 : 0;
  if (max_messages == 0) return {begin, begin};
  const std::size_t others = messages.size() - begin;
  std::size_t end = begin + (others > max_messages ? others - max_messages : 0);
  while (end < messages.size() && messages[end].role == Role::assistant) ++end;
  return {begin, end};
}

}  // namespace chatcore::conversation
