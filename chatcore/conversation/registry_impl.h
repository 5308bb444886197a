#pragma once
// Internal to this folder: what the registry is made of.
//
// One lock guards the tables, the order of the idle and who holds what. It is held for a few hundred nanoseconds
// at a time: never while a callback runs, messages are freed or bytes are counted, and evicting many conversations lets
// go of it after every kBatch of them. The tables are cut into kTables, so that growing one of them, which is done
// under the lock, moves a thousand nodes at a million conversations.

#include <array>
#include <atomic>
#include <cstdint>
#include <memory>
#include <mutex>
#include <unordered_set>
#include <vector>

#include "chatcore/conversation/entry.h"
#include "chatcore/conversation/registry.h"
#include "chatcore/conversation/turn_first_mutex.h"
#include "chatcore/memory/budget.h"

namespace chatcore::conversation {

using EntryPointer = std::shared_ptr<Lease::Entry>;

struct Registry::Impl {
  // `shared` null: a budget of its own, of limits.budget.
  Impl(RegistryLimits its_limits, const base::Clock& its_clock, memory::Budget* shared);
  ~Impl();

  // The entry for a turn to hold, or null when `granted` has been put in line for it.
  base::Result<EntryPointer> claim(const ConversationKey& key, Granted& granted);
  // Ends a turn's hold and calls the next in line.
  void release(Registry& registry, EntryPointer entry);
  // Counts `bytes`, evicting the least recently used until they fit.
  base::Status reserve(base::Bytes bytes);
  base::Status admit(base::Bytes incoming) const;
  void give_back(base::Bytes bytes) { budget.give_back(memory::Account::conversations, bytes); }
  [[nodiscard]] base::Bytes held() const { return budget.held(memory::Account::conversations); }
  // Evicts until `bytes` more fit under the budget's limit; whether they do.
  bool make_room(base::Bytes bytes);
  // Evicts the oldest idle conversations as long as `goes_too` says so of the oldest, kBatch at most. Returns how
  // many; fewer than kBatch: there are no more.
  template <class Predicate>
  std::size_t evict_batch(EvictionReason reason, const Predicate& goes_too);
  // All of them, batch by batch.
  template <class Predicate>
  std::size_t evict_while(EvictionReason reason, const Predicate& goes_too);
  void forget(const ConversationKey& key);

  static constexpr std::size_t kTables = 1024;
  static constexpr std::size_t kBatch = 16;

  const RegistryLimits limits;
  const base::Clock& clock;
  const std::unique_ptr<memory::Budget> own_budget;  // null when shared
  memory::Budget& budget;
  std::atomic<std::uint64_t> messages_trimmed{0};

 private:
  friend class Registry;

  // Finds entries by key, and files them by the hash they keep.
  struct Hash {
    using is_transparent = void;
    std::size_t operator()(const EntryPointer& entry) const { return entry->hash; }
    std::size_t operator()(const ConversationKey& key) const;
  };
  struct Equal {
    using is_transparent = void;
    bool operator()(const EntryPointer& a, const EntryPointer& b) const { return a->key == b->key; }
    bool operator()(const ConversationKey& a, const EntryPointer& b) const { return a == b->key; }
    bool operator()(const EntryPointer& a, const ConversationKey& b) const { return a->key == b; }
  };
  using Table = std::unordered_set<EntryPointer, Hash, Equal>;

  // All of these need the lock.
  Table& table_of(std::size_t hash) { return tables[hash % kTables]; }
  EntryPointer find(const ConversationKey& key, std::size_t hash);
  base::Result<EntryPointer> claim_known(const EntryPointer& entry, Granted& granted, std::vector<Message>& freed);
  [[nodiscard]] bool is_expired(const Lease::Entry& entry, base::SteadyTime now) const;
  void leave_idle(Lease::Entry& entry);
  void enter_idle(Lease::Entry& entry);
  void empty(Lease::Entry& entry, std::vector<Message>& freed);
  EntryPointer take_out(Lease::Entry& entry);
  void count_eviction(EvictionReason reason) { ++evicted[static_cast<std::size_t>(reason)]; }

  mutable TurnFirstMutex mutex;
  std::array<Table, kTables> tables;
  std::size_t conversations = 0;
  IdleList idle;
  std::array<std::uint64_t, 4> evicted{};
};

template <class Predicate>
std::size_t Registry::Impl::evict_batch(EvictionReason reason, const Predicate& goes_too) {
  std::vector<EntryPointer> batch;  // freed after the lock has been let go
  batch.reserve(kBatch);
  mutex.lock_after_turns();
  const std::lock_guard lock(mutex, std::adopt_lock);
  while (batch.size() < kBatch && idle.oldest() != nullptr && goes_too(*idle.oldest())) {
    Lease::Entry& oldest = *idle.oldest();
    leave_idle(oldest);
    batch.push_back(take_out(oldest));
    count_eviction(reason);
  }
  return batch.size();
}

template <class Predicate>
std::size_t Registry::Impl::evict_while(EvictionReason reason, const Predicate& goes_too) {
  std::size_t total = 0;
  while (true) {
    const std::size_t evicted_now = evict_batch(reason, goes_too);
    total += evicted_now;
    if (evicted_now < kBatch) return total;
  }
}

}  // namespace chatcore::conversation
