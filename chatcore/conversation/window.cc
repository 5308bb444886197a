#include "chatcore/conversation/window.h"

namespace chatcore::conversation {

Range outside_window(const std::vector<Message>& messages, std::size_t max_messages) {
  const std::size_t begin = !messages.empty() && messages.front().role == Role::system ? 1 : 0;
  if (max_messages == 0) return {begin, begin};
  const std::size_t others = messages.size() - begin;
  std::size_t end = begin + (others > max_messages ? others - max_messages : 0);
  const std::int64_t first_place = begin == 0 ? 1 : messages.front().sequence + 1;
  const bool is_opening = end == begin && end < messages.size() && messages[end].sequence == first_place;
  while (!is_opening && end < messages.size() && messages[end].role == Role::assistant) ++end;
  return {begin, end};
}

}  // namespace chatcore::conversation
