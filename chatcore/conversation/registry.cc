#include "chatcore/conversation/registry.h"

#include <algorithm>
#include <functional>
#include <string>
#include <string_view>
#include <utility>

#include "chatcore/conversation/accounting.h"
#include "chatcore/conversation/registry_impl.h"

namespace chatcore::conversation {
namespace {

// make_shared puts two counters and a pointer in front of the entry; a node of the table holds a pointer to the
// next and the shared pointer; the table itself has at most two buckets a node.
constexpr std::int64_t kControlBlock = 16;
static_assert(sizeof(Lease::Entry) + kControlBlock + sizeof(void*) + sizeof(EntryPointer) + 2 * sizeof(void*) <=
              static_cast<std::size_t>(kEntryCost.count));

base::Bytes limit_of(const RegistryLimits& limits) {
  return limits.budget.count == 0 ? base::Bytes::unlimited() : limits.budget;
}

}  // namespace

std::size_t Registry::Impl::Hash::operator()(const ConversationKey& key) const {
  const std::size_t user = std::hash<std::string_view>()(key.user);
  const std::size_t id = std::hash<std::string_view>()(key.id);
  return id ^ (user + 0x9e3779b97f4a7c15ULL + (id << 6) + (id >> 2));  // boost::hash_combine's mixing
}

Registry::Impl::Impl(RegistryLimits its_limits, const base::Clock& its_clock, memory::Budget* shared)
    : limits(its_limits),
      clock(its_clock),
      own_budget(shared ? nullptr : std::make_unique<memory::Budget>(limit_of(its_limits))),
      budget(shared ? *shared : *own_budget) {
  budget.set_reclaim_callback([this](base::Bytes bytes) { return make_room(bytes); });
}

Registry::Impl::~Impl() {
  budget.set_reclaim_callback(nullptr);
  for (const Lease::Entry* entry = idle.oldest(); entry != nullptr; entry = entry->newer) {
    budget.count_idle({-entry->bytes.count});
    give_back(entry->bytes);
  }
}

EntryPointer Registry::Impl::find(const ConversationKey& key, std::size_t hash) {
  const Table& table = table_of(hash);
  const auto found = table.find(key);
  return found == table.end() ? nullptr : *found;
}

bool Registry::Impl::is_expired(const Lease::Entry& entry, base::SteadyTime now) const {
  return limits.time_to_live.count() != 0 && now - entry.last_used >= limits.time_to_live;
}

void Registry::Impl::leave_idle(Lease::Entry& entry) {
  idle.remove(entry);
  budget.count_idle({-entry.bytes.count});
}

void Registry::Impl::enter_idle(Lease::Entry& entry) {
  idle.push_newest(entry);
  budget.count_idle(entry.bytes);
}

void Registry::Impl::empty(Lease::Entry& entry, std::vector<Message>& freed) {
  freed.swap(entry.messages);
  entry.summary.reset();
  entry.last_sequence = 0;
  entry.loaded = false;
  const base::Bytes left = cost_of(entry.key, entry.messages);
  give_back(entry.bytes - left);
  entry.bytes = left;
}

EntryPointer Registry::Impl::take_out(Lease::Entry& entry) {
  Table& table = table_of(entry.hash);
  const auto found = table.find(entry.key);
  EntryPointer removed = *found;
  table.erase(found);
  --conversations;
  give_back(entry.bytes);
  return removed;
}

base::Result<EntryPointer> Registry::Impl::claim(const ConversationKey& key, Granted& granted) {
  const std::size_t hash = Hash()(key);
  std::vector<Message> freed;  // an expired conversation's, freed after the lock has been let go
  {
    const std::lock_guard lock(mutex);
    if (const EntryPointer known = find(key, hash)) return claim_known(known, granted, freed);
  }
  auto fresh = std::make_shared<Lease::Entry>(key, hash);
  fresh->bytes = cost_of(fresh->key, fresh->messages);
  if (const auto room = reserve(fresh->bytes); !room) return tl::unexpected(room.error());

  const std::lock_guard lock(mutex);
  if (const EntryPointer known = find(key, hash)) {  // another turn brought it in meanwhile
    give_back(fresh->bytes);
    return claim_known(known, granted, freed);
  }
  fresh->leased = true;
  fresh->last_used = clock.steady_now();
  table_of(hash).insert(fresh);
  ++conversations;
  return fresh;
}

base::Result<EntryPointer> Registry::Impl::claim_known(const EntryPointer& entry, Granted& granted,
                                                       std::vector<Message>& freed) {
  if (entry->leased) {
    if (entry->waiting.size() >= limits.max_waiting_turns) {
      return base::fail(base::Code::conflict,
                        std::to_string(entry->waiting.size()) + " turns of this conversation are waiting already");
    }
    entry->waiting.push_back(std::move(granted));
    return EntryPointer();
  }
  leave_idle(*entry);
  const base::SteadyTime now = clock.steady_now();
  if (is_expired(*entry, now)) {
    empty(*entry, freed);
    count_eviction(EvictionReason::ttl);
  }
  entry->leased = true;
  entry->last_used = now;
  return entry;
}

base::Status Registry::Impl::admit(base::Bytes incoming) const {
  if (budget.may_have_room(memory::Account::conversations, incoming)) return {};
  return base::fail(base::Code::exhausted, "memory budget exhausted: " + base::format_bytes(incoming) + " requested, " +
                                               base::format_bytes(budget.used() - budget.idle()) + " of " +
                                               base::format_bytes(budget.limit()) + " in use by requests in progress");
}

base::Status Registry::Impl::reserve(base::Bytes bytes) {
  while (!budget.take_free(memory::Account::conversations, bytes)) {
    // Asked first, so that what can never fit does not push everybody out.
    if (auto room = admit(bytes); !room) return room;
    make_room(bytes);
  }
  return {};
}

bool Registry::Impl::make_room(base::Bytes bytes) {
  const auto lacks_room = [&] { return !budget.has_room(bytes); };
  evict_while(EvictionReason::budget, [&](const Lease::Entry&) { return lacks_room(); });
  return !lacks_room();
}

void Registry::Impl::forget(const ConversationKey& key) {
  EntryPointer removed;  // freed after the lock has been let go
  const std::lock_guard lock(mutex);
  const EntryPointer entry = find(key, Hash()(key));
  if (!entry || entry->forgotten) return;
  count_eviction(EvictionReason::deleted);
  if (entry->leased) {
    entry->forgotten = true;
    return;
  }
  leave_idle(*entry);
  removed = take_out(*entry);
}

Registry::Registry(RegistryLimits limits, const base::Clock& clock)
    : impl_(std::make_unique<Impl>(limits, clock, nullptr)) {}
Registry::Registry(RegistryLimits limits, const base::Clock& clock, memory::Budget& shared)
    : impl_(std::make_unique<Impl>(limits, clock, &shared)) {}
Registry::~Registry() = default;

bool Registry::acquire(const ConversationKey& key, Granted granted) {
  auto claimed = impl_->claim(key, granted);
  if (!claimed) {
    granted(tl::unexpected(std::move(claimed).error()));
  } else if (*claimed) {
    granted(Lease(this, *std::move(claimed)));
  } else {
    return false;
  }
  return true;
}

base::Status Registry::admit(base::Bytes incoming) const { return impl_->admit(incoming); }

SweepReport Registry::sweep() {
  const base::SteadyTime begin = impl_->clock.steady_now();
  SweepReport report;
  report.removed = impl_->evict_while(EvictionReason::ttl,
                                      [&](const Lease::Entry& oldest) { return impl_->is_expired(oldest, begin); });
  const Usage left = usage();
  report.remaining = left.conversations;
  report.remaining_bytes = left.bytes;
  report.took = impl_->clock.steady_now() - begin;
  return report;
}

Usage Registry::shed(base::Bytes target) {
  impl_->evict_while(EvictionReason::shed, [&](const Lease::Entry&) { return impl_->held() > target; });
  return usage();
}

std::size_t Registry::sweep_slice(base::SteadyTime now) {
  return impl_->evict_batch(EvictionReason::ttl,
                            [&](const Lease::Entry& oldest) { return impl_->is_expired(oldest, now); });
}

std::size_t Registry::shed_slice(base::Bytes target) {
  return impl_->evict_batch(EvictionReason::shed, [&](const Lease::Entry&) { return impl_->held() > target; });
}

std::size_t Registry::budget_slice() {
  return impl_->evict_batch(EvictionReason::budget, [&](const Lease::Entry&) { return !impl_->budget.has_room({0}); });
}

void Registry::forget(const ConversationKey& key) { impl_->forget(key); }

Usage Registry::usage() const {
  Usage usage;
  usage.bytes = impl_->held();
  usage.budget = impl_->budget.limit();
  usage.messages_trimmed = impl_->messages_trimmed.load();
  const std::lock_guard lock(impl_->mutex);
  usage.conversations = impl_->conversations;
  std::ranges::copy(impl_->evicted, usage.evicted);
  return usage;
}

}  // namespace chatcore::conversation
