#include "chatcore/llm/token_window.h"

#include "chatcore/llm/answerer.h"

namespace chatcore::llm {

using conversation::Message;
using conversation::Role;

std::vector<Message> within_tokens(const std::vector<Message>& window, std::size_t max_tokens) {
  if (max_tokens == 0) return window;
  std::size_t talk = 0;
  std::size_t used = 0;
  for (; talk < window.size() && window[talk].role == Role::system; ++talk) {
    used += estimate_tokens(window[talk].content);
  }
  std::size_t first = window.size();
  for (std::size_t place = window.size(); place > talk; --place) {
    used += estimate_tokens(window[place - 1].content);
    const bool holds_a_question = first < window.size();
    if (used > max_tokens && holds_a_question) break;
    // What precedes an answer belongs to it; questions in a row are one.
    const bool begins =
        window[place - 1].role == Role::user && (place - 1 == talk || window[place - 2].role != Role::user);
    if (begins) first = place - 1;
  }
  if (first == window.size()) first = talk;
  std::vector<Message> chosen(window.begin(), window.begin() + static_cast<std::ptrdiff_t>(talk));
  chosen.insert(chosen.end(), window.begin() + static_cast<std::ptrdiff_t>(first), window.end());
  return chosen;
}

}  // namespace chatcore::llm
