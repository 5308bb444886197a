#pragma once
// What the registry's tests say often: a turn that must be granted at once, a question, an answer.

#include <optional>
#include <string>
#include <utility>

#include <gtest/gtest.h>

#include "base/clock.h"
#include "chatcore/conversation/registry.h"

namespace chatcore::conversation {

// The lease, or the error; fails the test when the turn has to wait.
inline base::Result<Lease> try_acquire(Registry& registry, const ConversationKey& key) {
  std::optional<base::Result<Lease>> granted;
  registry.acquire(key, [&](base::Result<Lease> lease) { granted.emplace(std::move(lease)); });
  if (!granted) return base::fail(base::Code::internal, "the turn has to wait");
  return *std::move(granted);
}

inline Lease acquire(Registry& registry, const std::string& id, const std::string& user = "") {
  auto lease = try_acquire(registry, {user, id});
  if (!lease) ADD_FAILURE() << lease.error().message;
  return *std::move(lease);
}

inline Message question(std::string text) { return {.role = Role::user, .content = std::move(text)}; }
inline Message answer(std::string text) { return {.role = Role::assistant, .content = std::move(text)}; }

// One turn of a conversation, from and to storage that has nothing of it.
inline base::Status converse(Registry& registry, const std::string& id, std::size_t bytes = 100) {
  auto lease = try_acquire(registry, {"", id});
  if (!lease) return tl::unexpected(lease.error());
  if (!lease->is_loaded()) {
    if (auto filled = lease->fill({}, 0); !filled) return filled;
  }
  if (auto asked = lease->append(question(std::string(bytes, 'q'))); !asked) return asked;
  return lease->append(answer(std::string(bytes, 'a')));
}

inline bool is_in_memory(Registry& registry, const std::string& id) { return acquire(registry, id).is_loaded(); }

inline std::uint64_t evicted(const Registry& registry, EvictionReason reason) {
  return registry.usage().evicted[static_cast<std::size_t>(reason)];
}

}  // namespace chatcore::conversation
