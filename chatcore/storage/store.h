#pragma once
// Where conversations are kept for good. A store is asynchronous: each call returns at once, and `done` is called
// exactly once: later on a thread of the store, or, when the call is refused at once (a full queue, a closed store), on
// the caller's own before it returns. So hold no lock while calling, and post back to your own loop from `done`, which
// keeps the store from its work.
//
// Acknowledged means durable: when append's `done` has a sequence, the message survives SIGKILL and power loss.

#include <chrono>
#include <cstdint>
#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "base/clock.h"
#include "base/result.h"
#include "chatcore/conversation/message.h"

namespace chatcore::storage {

using conversation::ConversationKey;
using conversation::Message;

// The end of a conversation: its last messages, oldest first, the system message (if it has one) in front.
struct Window {
  std::vector<Message> messages;
  std::int64_t last_sequence = 0;  // 0: the conversation does not exist
};

struct ConversationSummary {
  std::string id;
  std::string title;  // the beginning of its first question
  std::int64_t messages = 0;
  base::WallTime last_used;
};

struct StoreStatistics {
  std::size_t connections_open = 0;
  std::size_t connections_busy = 0;
  std::uint64_t connects_total = 0;
  std::uint64_t errors_total = 0;
  std::uint64_t commits_total = 0;  // groups
  std::uint64_t appends_total = 0;  // messages; appends/commits is the size of a group
  std::size_t writes_waiting = 0;
};

class Store {
 public:
  virtual ~Store() = default;

  // Appends as sequence `after` + 1. Errors: conflict when the conversation's last sequence is not `after` (another
  // writer was first), unavailable (database down, closing), exhausted (disk full, queue of writes full).
  virtual void append(const ConversationKey& key, Message message, std::int64_t after,
                      std::function<void(base::Result<std::int64_t>)> done) = 0;
  // Reads no more than the last `max_messages` (0: all) and the first system message, through an index. Not found is
  // an empty Window. Errors here and below: unavailable, exhausted (queue of reads full), corrupt.
  virtual void load_window(const ConversationKey& key, std::size_t max_messages,
                           std::function<void(base::Result<Window>)> done) = 0;
  // The user's conversations, the most recently used first, `limit` at most.
  virtual void list(const std::string& user, std::size_t limit,
                    std::function<void(base::Result<std::vector<ConversationSummary>>)> done) = 0;
  // Deletes the conversation and its messages; true when it existed.
  virtual void remove(const ConversationKey& key, std::function<void(base::Result<bool>)> done) = 0;

  // Asks the kernel to drop the file's clean pages from its page cache. Pages written again and again count as active
  // there, which a container's working set includes: with every conversation stored it grows, though nothing leaks.
  // What is asked for after that is read from disk once. Returns at once; call it now and then, as with each sweep.
  virtual void drop_page_cache() = 0;

  [[nodiscard]] virtual StoreStatistics statistics() const = 0;
  // Writes what is queued, answers what was asked, closes every connection. Later calls fail with unavailable. Blocks;
  // not from a `done`.
  virtual void close() = 0;
};

// "sqlite://PATH": "sqlite://./data/chatcore.db", "sqlite:///var/lib/chatcore/chatcore.db". Creates the file and its
// folder; migrates an older schema. ":memory:" or "sqlite://:memory:" is a file of its own in the temporary folder,
// removed on close, for tests. The clock must outlive the store.
// Errors: invalid_argument (URL), permission_denied, corrupt (not a database, or newer than this program).
base::Result<std::unique_ptr<Store>> open_store(const std::string& database_url, const base::Clock& clock);

}  // namespace chatcore::storage
