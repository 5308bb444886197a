#include "chatcore/llm/prompt_messages.h"

#include <algorithm>
#include <iterator>
#include <utility>

namespace chatcore::llm {
namespace {

using conversation::Message;
using conversation::Role;

constexpr std::string_view kWithinMessage = "\n\n";

void add_part(std::string& text, std::string_view part, std::string_view separator) {
  if (is_blank(part)) return;
  if (!text.empty()) text += separator;
  text += part;
}

// Joins adjacent messages of one role and removes blank ones.
std::vector<Message> merged(const std::vector<Message>& messages) {
  std::vector<Message> talk;
  for (const Message& message : messages) {
    if (message.role == Role::system || is_blank(message.content)) continue;
    if (!talk.empty() && talk.back().role == message.role)
      add_part(talk.back().content, message.content, kWithinMessage);
    else
      talk.push_back({.role = message.role, .content = message.content});
  }
  return talk;
}

std::vector<std::string_view> system_texts(const std::vector<Message>& messages) {
  std::vector<std::string_view> texts;
  for (const Message& message : messages) {
    if (message.role == Role::system && !is_blank(message.content)) texts.emplace_back(message.content);
  }
  return texts;
}

// Walks through a conversation turn by turn.
class AnsweredTurns {
 public:
  void add(const Message& message) {
    switch (message.role) {
      case Role::system: kept_.push_back(message); break;
      case Role::assistant:
        has_answer_ = true;
        if (is_blank(message.content))
          ++failures_;
        else
          answer_.push_back(message);
        break;
      case Role::user:
        close_turn();
        asked_.push_back(message);
        break;
    }
  }

  std::vector<Message> end(std::size_t asked_now) {
    // The current question failed before and is sent again.
    if (has_failed()) drop_suspects();
    if (failures_ >= kFailuresTogether) keep_last_asked(asked_now);
    std::ranges::move(asked_, std::back_inserter(kept_));
    std::ranges::move(answer_, std::back_inserter(kept_));
    return std::move(kept_);
  }

 private:
  [[nodiscard]] bool has_failed() const { return has_answer_ && answer_.empty(); }

  void close_turn() {
    if (has_failed()) {
      drop_suspects();
      if (!asked_.empty()) asked_.pop_back();
      asked_.erase(asked_.begin(), asked_.begin() + std::min(former_, std::ssize(asked_)));
      former_ = std::ssize(asked_);
    } else if (has_answer_) {
      keep_turn();
    }
    answer_.clear();
    has_answer_ = false;
    failures_ = 0;
  }

  void keep_last_asked(std::size_t count) {
    const auto others = std::ssize(asked_) - std::min(std::ssize(asked_), static_cast<std::ptrdiff_t>(count));
    asked_.erase(asked_.begin(), asked_.begin() + others);
  }

  void keep_turn() {
    const bool is_interrupted = answer_.back().interrupted;
    if (!is_interrupted) suspects_.clear();
    // It was answered without them later.
    if (failures_ >= kFailuresTogether) keep_last_asked(1);
    const std::size_t begin = kept_.size();
    std::ranges::move(asked_, std::back_inserter(kept_));
    std::ranges::move(answer_, std::back_inserter(kept_));
    if (is_interrupted) suspects_.push_back({.begin = begin, .end = kept_.size()});
    asked_.clear();
    former_ = 0;
  }

  void drop_suspects() {
    for (; !suspects_.empty(); suspects_.pop_back()) {
      const auto at = [&](std::size_t place) { return kept_.begin() + static_cast<std::ptrdiff_t>(place); };
      kept_.erase(at(suspects_.back().begin), at(suspects_.back().end));
    }
  }

  // After this many failures a question is sent without the messages that were sent with it.
  static constexpr int kFailuresTogether = 2;

  struct Places {
    std::size_t begin = 0;
    std::size_t end = 0;
  };

  std::vector<Message> kept_;
  std::vector<Places> suspects_;  // consecutive turns at the end whose answers broke off
  std::vector<Message> asked_;    // user messages since the last answer
  std::ptrdiff_t former_ = 0;     // number of leading `asked_` that were there when a question failed
  bool has_answer_ = false;       // an answer, possibly blank, follows `asked_`
  int failures_ = 0;              // number of blank answers
  std::vector<Message> answer_;   // its messages that are not blank
};

}  // namespace

bool is_blank(std::string_view text) { return text.find_first_not_of(" \t\r\n\v\f") == std::string_view::npos; }

std::vector<Message> prompt_messages(const std::vector<Message>& messages, const SystemParts& parts) {
  std::vector<Message> talk = merged(messages);
  auto own = system_texts(messages);
  std::string opening;
  if (!talk.empty() && talk.front().role == Role::assistant) {
    opening = std::string(kOpening) + talk.front().content;
    talk.erase(talk.begin());
  }
  if (talk.empty() && opening.empty() && !own.empty()) {
    talk.push_back({.role = Role::user, .content = std::string(own.back())});
    own.pop_back();
  }
  // All messages were blank: templates still need a question.
  const bool is_nothing = talk.empty() && opening.empty();
  if (is_nothing) talk.push_back({.role = Role::user, .content = messages.empty() ? "" : messages.back().content});
  if (talk.empty() || talk.back().role != Role::user) {
    talk.push_back({.role = Role::user, .content = std::string(kGoOn)});
  }

  std::string system;
  add_part(system, parts.configured, kPartSeparator);
  for (const std::string_view text : own) add_part(system, text, kPartSeparator);
  add_part(system, opening, kPartSeparator);
  add_part(system, parts.chunks, kPartSeparator);
  add_part(system, parts.summary, kPartSeparator);
  if (!system.empty()) talk.insert(talk.begin(), {.role = Role::system, .content = std::move(system)});
  return talk;
}

std::vector<Message> without_unanswered(const std::vector<Message>& messages, std::size_t asked_now) {
  AnsweredTurns turns;
  for (const Message& message : messages) turns.add(message);
  return turns.end(asked_now);
}

}  // namespace chatcore::llm
