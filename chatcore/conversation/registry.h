#pragma once
// The conversations that are in memory, bounded three ways: a time to live since last use, a number of messages
// each (see window.h), and a byte budget over all of them that evicts the least recently used before anything new is
// let in. Nothing is lost by leaving: storage holds every message, and a conversation that is asked for again is read
// back (its last window only).
//
// One turn at a time touches a conversation: acquire() hands out a Lease, further turns wait in line, bounded.
// No lock is held while a turn runs. A leased conversation is never evicted. Both the beginning and the end of a
// turn are a use, and start the time to live anew.

#include <chrono>
#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <vector>

#include "base/clock.h"
#include "base/result.h"
#include "base/units.h"
#include "chatcore/conversation/message.h"
#include "chatcore/memory/budget.h"

namespace chatcore::conversation {

// Every bound can be configured off with 0; that is for rehearsing the incident, not for service.
struct RegistryLimits {
  std::chrono::nanoseconds time_to_live = std::chrono::hours(2);
  std::size_t max_messages = 50;
  base::Bytes budget = base::mebibytes(256);
  std::size_t max_waiting_turns = 8;  // for one conversation; one more is refused with conflict
};

enum class EvictionReason { ttl, budget, shed, deleted };

struct Usage {
  std::size_t conversations = 0;
  base::Bytes bytes;              // accounted: messages, summaries, keys, and what holding them costs
  base::Bytes budget;             // unlimited() when off
  std::uint64_t evicted[4] = {};  // by EvictionReason
  std::uint64_t messages_trimmed = 0;
};

struct SweepReport {
  std::size_t removed = 0;
  std::size_t remaining = 0;
  base::Bytes remaining_bytes;
  std::chrono::nanoseconds took{0};
};

class Registry;

// One turn's exclusive hold on one conversation. Released on destruction; then the next in line is called, on the
// releasing thread (after the one that runs there, when that was called from a line itself). A conversation that
// ends its turn without a message in it does not stay. Use from one thread at a time.
class Lease {
 public:
  class Entry;
  Lease(Registry* registry, std::shared_ptr<Entry> entry);
  Lease(Lease&&) noexcept;
  Lease& operator=(Lease&&) noexcept;
  ~Lease();

  [[nodiscard]] const ConversationKey& key() const;
  // False when the conversation has just come into memory: read its window from storage and fill() it.
  [[nodiscard]] bool is_loaded() const;
  // Takes what storage holds in place of what is here, cut to the window. Pass no messages and 0 for a conversation
  // that begins. Errors: exhausted when the budget has no room even after evicting everything that is not leased.
  // `revision` is what storage tells one text of the conversation from another by; 0 when that does not matter. An
  // empty summary is none.
  base::Status fill(std::vector<Message> window, std::int64_t last_sequence, std::int64_t revision = 0,
                    Summary summary = {});
  // Reserves the bytes (evicting others first), appends, then trims to the window. A message without a sequence gets
  // the next one. Errors as fill(); invalid_argument when not loaded or when the sequence is not after the last.
  base::Status append(Message message);
  // The last messages, oldest first: a system message (if any) and whole question-answer pairs.
  [[nodiscard]] const std::vector<Message>& window() const;
  // The sequence of the newest message ever appended, trimmed or not; 0 for none.
  [[nodiscard]] std::int64_t last_sequence() const;
  [[nodiscard]] std::int64_t revision() const;
  // Of what precedes the window; an empty one when there is none.
  [[nodiscard]] const Summary& summary() const;

 private:
  Registry* registry_;
  std::shared_ptr<Entry> entry_;
};

// Thread-safe. Must outlive its leases.
class Registry {
 public:
  // With a budget of its own, of limits.budget.
  Registry(RegistryLimits limits, const base::Clock& clock);
  // Counts in `shared` (limits.budget is not looked at) and evicts for whoever else finds no room there.
  Registry(RegistryLimits limits, const base::Clock& clock, memory::Budget& shared);
  ~Registry();

  using Granted = std::function<void(base::Result<Lease>)>;
  // Calls `granted` at once, on this thread, when the conversation is free, else when its turn comes; never under a
  // lock, so it may use the registry. Errors: conflict (too many wait), exhausted (no room for even an empty
  // conversation). An expired conversation is never handed out: it comes back as not loaded (the TTL is exact on
  // access). False when the turn was put in line.
  bool acquire(const ConversationKey& key, Granted granted);

  // Room for `incoming` bytes more? Errors: exhausted. For admission, before a turn begins; reserves nothing.
  [[nodiscard]] base::Status admit(base::Bytes incoming) const;

  // Removes every conversation whose last use is the time to live or longer ago. Lets go of the lock after every few,
  // so turns go on meanwhile however many there are.
  SweepReport sweep();
  // Evicts the least recently used until at most `target` bytes are held. Returns what is held then.
  Usage shed(base::Bytes target);

  // The same in slices of well under a millisecond, for a thread that has other work too: each evicts a few and tells
  // how many, 0 when there is nothing left to do. The third evicts what is over the budget's limit, after that was
  // lowered.
  std::size_t sweep_slice(base::SteadyTime now);
  std::size_t shed_slice(base::Bytes target);
  std::size_t budget_slice();
  // Drops one conversation from memory (its storage is the caller's business). A turn that holds it finishes; the next
  // in line finds it not loaded.
  void forget(const ConversationKey& key);

  [[nodiscard]] Usage usage() const;

 private:
  friend class Lease;
  struct Impl;
  std::unique_ptr<Impl> impl_;
};

}  // namespace chatcore::conversation
