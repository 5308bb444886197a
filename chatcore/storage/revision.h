#pragma once
// How a conversation is told from another of its name, and from itself with fewer messages.

#include <cstdint>

#include "chatcore/storage/store.h"

namespace chatcore::storage {

// The revisions that an append may find: from the first to the last of them.
struct Revisions {
  std::int64_t first = 0;
  std::int64_t last = 0;
};
// Each message that is removed takes the revision one further; the one of another conversation is far away.
Revisions revisions_for(const Append& what);

// At random from 2 to 2^52 + 1, so that it never is the one of a conversation of that name that was deleted.
// Thread-safe.
std::int64_t new_revision();

}  // namespace chatcore::storage
