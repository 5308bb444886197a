#pragma once
// The memory budget of a serving chatcore. All memory that lives with a conversation is counted by kind, from the first
// byte of a request to the last byte of its answer, so that one limit covers the total and the total can be explained
// (GET /admin/memory, chatcore_memory_bytes).
//
// Idle conversations are reclaimable: when the budget is full, the least recently used ones are evicted through the
// reclaim callback of the registry. What is not reclaimable (a turn in progress) is refused by admission control before
// it starts.
//
// Reserving checks and counts in one atomic step, so the limit always holds for any number of threads, without a lock.

#include <array>
#include <atomic>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <string_view>

#include "base/units.h"

namespace chatcore::memory {

enum class Account : std::size_t {
  conversations,  // messages, keys, and what holding them costs (conversation/accounting.h)
  turns,          // turns under way: question, prompt, chunks, search scratch, answer so far, backend buffers
  requests,       // headers and bodies, in receipt and while they are being answered
  answers,        // response bytes that the client has yet to take
  connections,    // what each open connection costs by itself
  caches,         // query embeddings
};
inline constexpr std::size_t kAccounts = 6;

// "conversations", "turns" and so on: as metrics and /admin/memory name it.
std::string_view name_of(Account account);

// The accounts as one reader saw them; others may have counted on meanwhile.
struct Balance {
  base::Bytes held[kAccounts] = {};  // by Account
  base::Bytes used;                  // all of them
  base::Bytes limit;                 // in force; unlimited() when off
  base::Bytes configured;
};

// Thread-safe.
class Budget {
 public:
  // Evicts until `bytes` more would fit. False when what is left cannot give way.
  using ReclaimCallback = std::function<bool(base::Bytes bytes)>;

  // unlimited() takes everything.
  explicit Budget(base::Bytes configured) : configured_(configured), limit_(configured.count) {}
  Budget(const Budget&) = delete;
  Budget& operator=(const Budget&) = delete;

  // Call it before other threads use the budget, and again with null after they have ended.
  void set_reclaim_callback(ReclaimCallback reclaim) { reclaim_ = std::move(reclaim); }

  // Counts `bytes` when they fit under the limit, after reclaiming if necessary; otherwise counts nothing and returns
  // false. Memory that is not reclaimable must not fill the budget at admission: connections, requests and caches are
  // refused when it would exceed seven eighths of the limit, turns at fifteen sixteenths. The rest is for admitted
  // turns to grow.
  [[nodiscard]] bool take(Account account, base::Bytes bytes);
  // The same without the reclaim callback, which uses it itself.
  [[nodiscard]] bool take_free(Account account, base::Bytes bytes);
  // Counts existing bytes. Above the limit the callback reclaims; returns whether that sufficed.
  bool add(Account account, base::Bytes bytes);
  void give_back(Account account, base::Bytes bytes);

  // Whether so many fit at this instant; whether they would, once all that gives way had been evicted.
  [[nodiscard]] bool has_room(base::Bytes bytes) const { return bytes.count <= limit().count - used().count; }
  [[nodiscard]] bool may_have_room(Account account, base::Bytes bytes) const;
  // For the reclaim callback: changes the number of reclaimable bytes.
  void count_idle(base::Bytes change) { idle_ += change.count; }

  [[nodiscard]] base::Bytes idle() const { return {idle_.load(std::memory_order_relaxed)}; }
  [[nodiscard]] base::Bytes used() const { return {used_.load(std::memory_order_relaxed)}; }
  [[nodiscard]] base::Bytes held(Account account) const { return {at(account).load(std::memory_order_relaxed)}; }
  // In force now: the configured one, or less while memory is tight (memory/pressure.h).
  [[nodiscard]] base::Bytes limit() const { return {limit_.load(std::memory_order_relaxed)}; }
  [[nodiscard]] base::Bytes configured() const { return configured_; }
  [[nodiscard]] Balance balance() const;
  // Evicts nothing by itself.
  void set_limit(base::Bytes limit) { limit_ = limit.count; }

 private:
  // Each on a cache line of its own: threads that count different kinds do not wait for each other.
  struct alignas(64) Count {
    std::atomic<std::int64_t> bytes{0};
  };

  [[nodiscard]] std::atomic<std::int64_t>& at(Account account) {
    return held_[static_cast<std::size_t>(account)].bytes;
  }
  [[nodiscard]] const std::atomic<std::int64_t>& at(Account account) const {
    return held_[static_cast<std::size_t>(account)].bytes;
  }
  [[nodiscard]] std::int64_t bound_of(Account account) const;

  const base::Bytes configured_;
  std::atomic<std::int64_t> limit_;
  ReclaimCallback reclaim_;
  alignas(64) std::atomic<std::int64_t> used_{0};
  alignas(64) std::atomic<std::int64_t> idle_{0};
  std::array<Count, kAccounts> held_;
};

}  // namespace chatcore::memory
