#pragma once
// What conversations cost in memory. The budget is only as good as this estimate, so there is one, used by
// everything that counts bytes: it adds up what the allocator sets aside (jemalloc's size classes), not what
// was asked for. tests/bench/registry_bench.cc shows it against the resident size.
//
// Pure; thread-safe.

#include <cstddef>
#include <string>
#include <vector>

#include "base/units.h"
#include "chatcore/conversation/message.h"

namespace chatcore::conversation {

// What one allocation of `requested` bytes takes: jemalloc rounds up to multiples of 16 up to 128 and from there
// to four steps for each doubling. Nothing is taken for 0.
std::size_t allocation_size(std::size_t requested);

// How many messages a conversation of `messages` sets room aside for: 4, 8, 16 and so on. Growing in steps that
// we choose keeps the cost of a conversation a function of what it holds.
std::size_t slots_for(std::size_t messages);

// The memory outside of the string object itself: none while the text fits into it (15 bytes).
base::Bytes heap_cost(const std::string& text);

// A message apart from its slot: its text.
base::Bytes cost_of(const Message& message);

// An object of its own with its text; null costs nothing.
base::Bytes cost_of(const Summary* summary);

// `count` slots for messages, as one array.
base::Bytes cost_of_slots(std::size_t count);

// All that a conversation of these messages costs while it is in memory: its place in the registry, its key, the
// slots of its messages (as many as the vector has capacity for) and their texts.
base::Bytes cost_of(const ConversationKey& key, const std::vector<Message>& messages);

// The part of it that does not depend on key and messages: the registry's entry, its node and its share of the
// hash table. registry.cc checks at compile time that it is enough.
inline constexpr base::Bytes kEntryCost{224 + 32 + 16};

}  // namespace chatcore::conversation
