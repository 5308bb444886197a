#pragma once
// How a conversation is told from another of its name.

#include <cstdint>

namespace chatcore::storage {

// At random from 2 to 2^52 + 1, so that it never is the one of a conversation of that name that was deleted.
// Thread-safe.
std::int64_t new_revision();

}  // namespace chatcore::storage
