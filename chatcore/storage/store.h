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
#include <optional>
#include <string>
#include <vector>

#include "base/clock.h"
#include "base/result.h"
#include "base/units.h"
#include "chatcore/conversation/message.h"

namespace chatcore::storage {

using conversation::ConversationKey;
using conversation::Message;
using conversation::Summary;

// A window or a page ends with the message whose text brings it to so much, however many were asked for: a reader holds
// what it reads before anybody can say whether there is room for it. About half a million tokens.
inline constexpr std::int64_t kMostBytesRead = std::int64_t{2} << 20;

// The end of a conversation: its last messages, oldest first, the system message (if it has one) in front.
struct Window {
  std::vector<Message> messages{};
  std::int64_t last_sequence = 0;  // 0: no message was ever appended
  bool exists = false;             // a conversation may exist and have no messages yet
  // Changes when a message is removed, and from one conversation of this name to the next: what an append compares to
  // notice that a copy in memory is of another text, though its last sequence is the same. Never 0; of a conversation
  // that does not exist it is the one to begin it with.
  std::int64_t revision = 0;
  Summary summary{};  // of what precedes, as it was kept last
};

struct ConversationSummary {
  std::string id;
  std::string title;  // the beginning of its first question
  std::int64_t messages = 0;
  base::WallTime last_used;
};

struct Append {
  ConversationKey key;
  Message message;            // its own sequence is ignored
  std::int64_t after = 0;     // the conversation's last sequence as the writer knows it; 0 begins the conversation
  std::string response_id{};  // names an answer of /v1/responses; empty: none
  std::int64_t revision = 0;  // of the window the writer knows; 0: not compared
  // Messages may have been removed since that window was read: any number, or none.
  bool may_have_lost_messages = false;
  bool must_exist = false;  // else `after` 0 begins the conversation when there is none
};

struct NewConversation {
  ConversationKey key;
  std::string metadata = "{}";
  std::vector<Message> messages{};  // become its first; their own sequences are ignored
  bool listed = true;               // false: list() does not show it, as with chains of responses
};

struct Description {
  base::WallTime created;
  base::WallTime last_used;
  std::string metadata;  // a JSON object as text, "{}" when there is none
  std::int64_t last_sequence = 0;
  std::int64_t revision = 0;  // as in Window
};

struct KeptSummary {
  ConversationKey key;
  std::int64_t revision = 0;  // of the text that it was made of
  Summary summary;
};

struct PageRequest {
  std::int64_t after = 0;  // an exclusive sequence; 0: from the first, or from the newest
  std::size_t limit = 20;
  bool newest_first = false;
};

struct Page {
  std::vector<Message> messages;  // in the order asked for
  bool has_more = false;
};

// Which conversations are old, by their last use. Absent: none of that kind.
struct OldRequest {
  std::optional<base::WallTime> listed_before = {};
  std::optional<base::WallTime> unlisted_before = {};  // chains of responses, which no list shows
  std::size_t limit = 1000;
};

struct OldConversation {
  ConversationKey key;
  base::WallTime last_used;
  bool listed = true;
};

struct StoredResponse {
  std::string conversation_id;
  Message answer;  // its sequence is its place
  base::WallTime created;
};

struct StoreStatistics {
  std::size_t connections_open = 0;
  std::size_t connections_busy = 0;
  std::uint64_t connects_total = 0;
  std::uint64_t errors_total = 0;
  std::uint64_t commits_total = 0;  // groups
  std::uint64_t retries_total = 0;  // groups run again after a deadlock
  std::uint64_t appends_total = 0;  // messages; appends/commits is the size of a group
  std::size_t writes_waiting = 0;
  bool reads_fail = false;  // from the first that the database failed to the first that it did not
  bool writes_fail = false;
};

class Store {
 public:
  virtual ~Store() = default;

  // Appends as sequence `after` + 1, which it returns. Errors: conflict when the conversation's last sequence is not
  // `after` (another writer was first), its revision is not the one given, it is gone though it must exist, or the user
  // has a response of that id;
  // unavailable (database down, closing), exhausted (disk full, queue of writes full). After unavailable the message
  // may be stored or not, when the database was lost while it committed: read the conversation before going on.
  virtual void append(Append what, std::function<void(base::Result<std::int64_t>)> done) = 0;
  // The errors of append hold for every write below.
  // A conversation with its first messages, of which there may be none. Returns the last sequence. Errors: conflict
  // when it exists.
  virtual void create(NewConversation what, std::function<void(base::Result<std::int64_t>)> done) = 0;
  // A new conversation of the same user with the messages of `from` up to sequence `last`, which keep their
  // sequences, the summary that they have, and then its own. Returns the last sequence. Errors: not_found when `from`
  // does not exist or has not come to `last`; conflict when `to` exists.
  virtual void fork(const ConversationKey& from, std::int64_t last, NewConversation to,
                    std::function<void(base::Result<std::int64_t>)> done) = 0;
  // `metadata` replaces what there was. False: no such conversation.
  virtual void set_metadata(const ConversationKey& key, std::string metadata,
                            std::function<void(base::Result<bool>)> done) = 0;
  // In place of the one before. False when it is not kept: the conversation is gone or has another revision, or its
  // summary has come as far already.
  virtual void keep_summary(KeptSummary what, std::function<void(base::Result<bool>)> done) = 0;
  // The others keep their sequences; the next message is numbered as if it were still there. A summary that speaks of
  // it goes with it, and an unlisted conversation with the last of its responses: nobody could find it any more. False:
  // no such message.
  virtual void remove_message(const ConversationKey& key, std::int64_t sequence,
                              std::function<void(base::Result<bool>)> done) = 0;
  // Deletes the conversation with all that belongs to it; true when it existed.
  virtual void remove(const ConversationKey& key, std::function<void(base::Result<bool>)> done) = 0;
  // The same, unless it was used after `last_used`.
  virtual void remove_unused(const ConversationKey& key, base::WallTime last_used,
                             std::function<void(base::Result<bool>)> done) = 0;

  // Whether a write would be committed now: tried with one that changes nothing, unless a write was committed within
  // the last five seconds. Waits its turn behind the writes that are queued: on a disk that stands still, for ever.
  virtual void check_write(std::function<void(base::Status)> done) = 0;

  // Reads no more than the last `max_messages` (0: all, whatever their size) and the first system message, through an
  // index. Not found is a Window that does not exist. Errors here and below: unavailable, exhausted (queue of reads
  // full), corrupt.
  virtual void load_window(const ConversationKey& key, std::size_t max_messages,
                           std::function<void(base::Result<Window>)> done) = 0;
  // The user's listed conversations, the most recently used first, `limit` at most.
  virtual void list(const std::string& user, std::size_t limit,
                    std::function<void(base::Result<std::vector<ConversationSummary>>)> done) = 0;
  // Here and below absent means that it does not exist, or is another user's.
  virtual void describe(const ConversationKey& key,
                        std::function<void(base::Result<std::optional<Description>>)> done) = 0;
  virtual void list_messages(const ConversationKey& key, PageRequest page,
                             std::function<void(base::Result<std::optional<Page>>)> done) = 0;
  virtual void find_response(const std::string& user, const std::string& response_id,
                             std::function<void(base::Result<std::optional<StoredResponse>>)> done) = 0;

  // Of all users, the longest unused first. Looks at every conversation: for a sweep now and then.
  virtual void list_old(const OldRequest& request,
                        std::function<void(base::Result<std::vector<OldConversation>>)> done) = 0;
  // What the database file holds, without what was deleted and waits to be used again. Errors: not_found where the
  // database cannot tell (PostgreSQL gives room back when it likes).
  virtual void used_bytes(std::function<void(base::Result<base::Bytes>)> done) = 0;

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
// folder. ":memory:" or "sqlite://:memory:" is a file of its own in the temporary folder, removed on close, for tests.
// "postgresql://…" as libpq knows it; several programs may share such a database.
// Creates the tables in an empty database and migrates older ones, unless it may not. The clock must outlive the store.
// Errors: invalid_argument (URL), permission_denied, unavailable, corrupt (not a database, newer than this program, or
// older and it may not migrate). No error has the URL's password in it.
base::Result<std::unique_ptr<Store>> open_store(const std::string& database_url, const base::Clock& clock,
                                                bool may_migrate = true);

}  // namespace chatcore::storage
