#pragma once
// What may be written, as values that wait in a queue.

#include <cstdint>
#include <functional>
#include <optional>
#include <string>
#include <variant>

#include "base/clock.h"
#include "base/result.h"
#include "chatcore/storage/store.h"

namespace chatcore::storage {

struct ForkWrite {
  ConversationKey from;
  std::int64_t last = 0;
  NewConversation to;
};

struct MetadataWrite {
  ConversationKey key;
  std::string metadata;
};

struct RemoveMessageWrite {
  ConversationKey key;
  std::int64_t sequence = 0;
};

struct RemoveWrite {
  ConversationKey key;
  std::optional<base::WallTime> unused_since = {};  // left alone when it was used later
};

// Changes nothing, but is committed and synced as every write.
struct WriteCheck {};

using WriteOperation = std::variant<Append, NewConversation, ForkWrite, MetadataWrite, KeptSummary, RemoveMessageWrite,
                                    RemoveWrite, WriteCheck>;

// What a write ends with: the last sequence, or whether (1, 0) there was something to change.
using WriteOutcome = base::Result<std::int64_t>;

struct Write {
  WriteOperation what;
  std::function<void(WriteOutcome)> done;
};

// The texts it carries.
std::size_t bytes_of(const WriteOperation& what);
// The messages it adds, without those that a fork copies.
std::size_t messages_of(const WriteOperation& what);

// The last use, in milliseconds since 1970, after which the conversation is not removed.
std::int64_t last_use_bound(const RemoveWrite& what);

// How a write is refused, in the same words by every database.
base::Error not_the_last(std::int64_t last_sequence, std::int64_t after);  // conflict
base::Error not_the_same();                                                // conflict: another revision
base::Error exists_already();                                              // conflict
base::Error nothing_to_fork(std::int64_t last);                            // not_found

}  // namespace chatcore::storage
