#include "chatcore/api/chain_index.h"

#include <iterator>
#include <utility>
#include <vector>

namespace chatcore::api {

using conversation::Message;
using conversation::Role;

HistoryDigest::HistoryDigest(const std::string& user) : digest_(base::sha256("user " + user)) {}

// Each message's digest includes the digest of all messages before it, so message boundaries cannot be forged by text.
void HistoryDigest::begin(Role role) {
  step_ = base::Sha256();
  step_.add(base::view_of(digest_));
  step_.add(conversation::name_of(role));
  step_.add(" ");
}

void HistoryDigest::add(Role role, std::string_view content) {
  begin(role);
  more(content);
  end();
}

std::optional<ChainIndex::Known> ChainIndex::find(const std::string& user, std::span<const Message> messages) {
  struct Beginning {
    std::size_t messages;
    std::string history;
  };
  std::vector<Beginning> beginnings;
  HistoryDigest digest(user);
  // The last message is the question that a chain is to go on with.
  for (std::size_t i = 0; i + 1 < messages.size(); ++i) {
    digest.add(messages[i].role, messages[i].content);
    if (messages[i].role == Role::assistant) beginnings.push_back({i + 1, std::string(base::view_of(digest.value()))});
  }
  const std::lock_guard lock(mutex_);
  for (auto one = beginnings.rbegin(); one != beginnings.rend(); ++one) {
    const auto found = by_history_.find(one->history);
    if (found == by_history_.end()) continue;
    by_use_.splice(by_use_.begin(), by_use_, found->second);
    return Known{one->messages, found->second->end};
  }
  return std::nullopt;
}

void ChainIndex::put(const base::Digest& history, End end) {
  std::string key(base::view_of(history));
  const std::lock_guard lock(mutex_);
  if (const auto same = by_history_.find(key); same != by_history_.end()) erase(same->second);
  if (const auto before = by_chain_.find(end.conversation_id); before != by_chain_.end()) erase(before->second);
  while (by_use_.size() >= most_) erase(std::prev(by_use_.end()));
  by_use_.push_front({key, std::move(end)});
  by_chain_.emplace(by_use_.front().end.conversation_id, by_use_.begin());
  by_history_.emplace(std::move(key), by_use_.begin());
}

void ChainIndex::erase(ByUse::iterator entry) {
  by_history_.erase(entry->history);
  by_chain_.erase(entry->end.conversation_id);
  by_use_.erase(entry);
}

}  // namespace chatcore::api
