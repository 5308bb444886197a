#include "chatcore/llm/token_window.h"

#include <algorithm>

#include "chatcore/llm/answerer.h"
#include "chatcore/llm/summary_prompt.h"

namespace chatcore::llm {
namespace {

using conversation::Message;
using conversation::Role;
using conversation::Summary;

// Places in a window: where its talk begins, and where the part of it begins that fits.
struct Places {
  std::size_t talk = 0;
  std::size_t first = 0;
};

Places places_in(const std::vector<Message>& window, std::size_t max_tokens, const Summary& summary) {
  Places places;
  std::size_t used = estimate_tokens(summary_note(summary));
  for (; places.talk < window.size() && window[places.talk].role == Role::system; ++places.talk) {
    used += estimate_tokens(window[places.talk].content);
  }
  places.first = places.talk;
  if (max_tokens == 0) return places;
  std::size_t first = window.size();
  for (std::size_t place = window.size(); place > places.talk; --place) {
    used += estimate_tokens(window[place - 1].content);
    const bool holds_a_question = first < window.size();
    if (used > max_tokens && holds_a_question) break;
    // What precedes an answer belongs to it; questions in a row are one.
    const bool begins =
        window[place - 1].role == Role::user && (place - 1 == places.talk || window[place - 2].role != Role::user);
    if (begins) first = place - 1;
  }
  if (first < window.size()) places.first = first;
  return places;
}

}  // namespace

std::vector<Message> within_tokens(const std::vector<Message>& window, std::size_t max_tokens, const Summary& summary) {
  const Places places = places_in(window, max_tokens, summary);
  const auto at = [&](std::size_t place) { return window.begin() + static_cast<std::ptrdiff_t>(place); };
  std::vector<Message> chosen(window.begin(), at(places.talk));
  chosen.insert(chosen.end(), at(places.first), window.end());
  return chosen;
}

LeftOut left_out(const std::vector<Message>& window, std::size_t max_tokens, const Summary& summary) {
  const std::size_t first = places_in(window, max_tokens, summary).first;
  if (first == window.size()) return {};
  const std::int64_t before = window[first].sequence;
  return {.messages = std::max<std::int64_t>(0, before - 1 - summary.up_to), .before = before};
}

}  // namespace chatcore::llm
