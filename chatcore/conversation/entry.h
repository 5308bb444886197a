#pragma once
// Internal to this folder: one conversation as the registry holds it, and the order in which idle ones leave.

#include <memory>
#include <utility>
#include <vector>

#include "base/clock.h"
#include "base/units.h"
#include "chatcore/conversation/message.h"
#include "chatcore/conversation/registry.h"

namespace chatcore::conversation {

class Lease::Entry {
 public:
  Entry(ConversationKey its_key, std::size_t its_hash) : key(std::move(its_key)), hash(its_hash) {}

  const ConversationKey key;
  const std::size_t hash;  // of the key; kept, since leaving the table needs it again

  // Belong to the one who holds the lease, without a lock; to the registry while nobody does.
  std::vector<Message> messages;
  std::unique_ptr<const Summary> summary;  // of what precedes them; null: none
  std::int64_t last_sequence = 0;
  std::int64_t revision = 0;  // storage's, when it was read; 0: unknown
  base::Bytes bytes;          // what the budget counts for this conversation
  bool loaded = false;

  // Under the registry's lock.
  bool leased = false;
  bool forgotten = false;  // to be emptied when its turn ends
  base::SteadyTime last_used;
  std::vector<Registry::Granted> waiting;  // turns in line, the next one first
  Entry* older = nullptr;                  // neighbours among the idle
  Entry* newer = nullptr;
};

// The idle conversations from the least to the most recently used, threaded through the entries themselves so that
// no step allocates. Owns nothing; the registry's lock guards it.
class IdleList {
 public:
  using Entry = Lease::Entry;

  [[nodiscard]] Entry* oldest() const { return oldest_; }

  void push_newest(Entry& entry) {
    entry.older = newest_;
    entry.newer = nullptr;
    (newest_ != nullptr ? newest_->newer : oldest_) = &entry;
    newest_ = &entry;
  }

  void remove(Entry& entry) {
    (entry.older != nullptr ? entry.older->newer : oldest_) = entry.newer;
    (entry.newer != nullptr ? entry.newer->older : newest_) = entry.older;
    entry.older = entry.newer = nullptr;
  }

 private:
  Entry* oldest_ = nullptr;
  Entry* newest_ = nullptr;
};

}  // namespace chatcore::conversation
