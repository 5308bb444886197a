#include "chatcore/llm/prompt_messages.h"

#include <algorithm>
#include <iterator>
#include <utility>

namespace chatcore::llm {
namespace {

using conversation::Message;
using conversation::Role;

constexpr std::string_view kOpening = "The assistant opened the conversation with these words:\n";
constexpr std::string_view kGoOn = "Continue.";
constexpr std::string_view kWithinMessage = "\n\n";

void add_part(std::string& text, std::string_view part, std::string_view separator) {
  if (is_blank(part)) return;
  if (!text.empty()) text += separator;
  text += part;
}

// In turn, without blank ones.
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
  // Of blank messages alone nothing is left, and yet a question is what a template must have.
  const bool is_nothing = talk.empty() && opening.empty();
  if (is_nothing) talk.push_back({.role = Role::user, .content = messages.empty() ? "" : messages.back().content});
  if (talk.empty() || talk.back().role != Role::user) {
    talk.push_back({.role = Role::user, .content = std::string(kGoOn)});
  }

  std::string system;
  add_part(system, parts.configured, kPartSeparator);
  for (const std::string_view text : own) add_part(system, text, kPartSeparator);
  add_part(system, opening, kPartSeparator);
  add_part(system, parts.passages, kPartSeparator);
  add_part(system, parts.summary, kPartSeparator);
  if (!system.empty()) talk.insert(talk.begin(), {.role = Role::system, .content = std::move(system)});
  return talk;
}

std::vector<Message> without_unanswered(const std::vector<Message>& messages) {
  std::vector<Message> kept;
  std::vector<Message> asked;   // by the user since the last answer
  std::ptrdiff_t former = 0;    // so many of them, the first, were there when a question failed
  bool has_answer = false;      // an attempt at one, perhaps a blank one, follows `asked`
  std::vector<Message> answer;  // what is not blank of it
  const auto close = [&] {
    if (has_answer && answer.empty()) {
      if (!asked.empty()) asked.pop_back();
      asked.erase(asked.begin(), asked.begin() + std::min(former, std::ssize(asked)));
      former = std::ssize(asked);
    } else if (has_answer) {
      std::ranges::move(asked, std::back_inserter(kept));
      std::ranges::move(answer, std::back_inserter(kept));
      asked.clear();
      former = 0;
    }
    answer.clear();
    has_answer = false;
  };
  for (const Message& message : messages) {
    switch (message.role) {
      case Role::system: kept.push_back(message); break;
      case Role::assistant:
        has_answer = true;
        if (!is_blank(message.content)) answer.push_back(message);
        break;
      case Role::user:
        close();
        asked.push_back(message);
        break;
    }
  }
  std::ranges::move(asked, std::back_inserter(kept));
  std::ranges::move(answer, std::back_inserter(kept));
  return kept;
}

}  // namespace chatcore::llm
