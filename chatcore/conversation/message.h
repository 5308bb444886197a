#pragma once
// What a conversation consists of. A message knows its place (sequence, from 1; a removed one leaves a hole): storage,
// memory and clients all name messages by it.

#include <compare>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace chatcore::conversation {

enum class Role { system, user, assistant };

// "system", "user", "assistant": OpenAI's names, and what storage writes.
std::string_view name_of(Role role);
// The inverse; absent for any other word.
std::optional<Role> role_named(std::string_view name);

struct Message {
  Role role = Role::user;
  std::string content;        // UTF-8
  bool interrupted = false;   // an answer cut short by a fault, a stop or a client that left; kept, and marked so
  std::int64_t sequence = 0;  // place in the conversation, from 1; 0 while it has none
};

// What a conversation was about up to its message `up_to`, in a few words of a language model's. It stands in prompts
// for what has left the window.
struct Summary {
  std::string content{};  // UTF-8; empty: none
  std::int64_t up_to = 0;
};

// A conversation belongs to its user; without authentication the user is "".
struct ConversationKey {
  std::string user;
  std::string id;
  friend auto operator<=>(const ConversationKey&, const ConversationKey&) = default;
  friend bool operator==(const ConversationKey&, const ConversationKey&) = default;
};

}  // namespace chatcore::conversation
