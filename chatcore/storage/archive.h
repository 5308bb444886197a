#pragma once
// All that a database holds, read and written as a stream of records, for export and import: exact, in one consistent
// state, and with no more than one record in memory.

#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <variant>

#include "base/result.h"
#include "chatcore/storage/store.h"

namespace chatcore::storage {

// Times are milliseconds since 1970 UTC, as databases keep them.
struct ConversationRecord {
  ConversationKey key;
  std::string title{};
  std::string metadata = "{}";
  bool listed = true;
  std::int64_t created_ms = 0;
  std::int64_t last_used_ms = 0;
  std::int64_t last_sequence = 0;
  std::int64_t removed_messages = 0;
  Summary summary{};
};

// Belongs to the conversation before it.
struct MessageRecord {
  Message message;
  std::int64_t created_ms = 0;
  std::string response_id{};
};

using ArchiveRecord = std::variant<ConversationRecord, MessageRecord>;

// Blocking; use from one thread. A transaction is open from the first call to the last: what an import has put is there
// only after finish(), all of it or nothing.
class Archive {
 public:
  // Takes the next record of an export; an error ends it.
  using Take = std::function<base::Status(const ArchiveRecord&)>;

  virtual ~Archive() = default;
  // Every conversation (or the user's), each followed by its messages in order.
  virtual base::Status read(const std::optional<std::string>& user, const Take& take) = 0;
  // Errors: conflict when the conversation exists, or a response of that id.
  virtual base::Status put(const ConversationRecord& conversation) = 0;
  virtual base::Status put(const MessageRecord& message) = 0;
  virtual base::Status finish() = 0;
};

// Opens the database that exists there, its schema as prepared by open_store(). Errors as open_store().
base::Result<std::unique_ptr<Archive>> open_archive(const std::string& database_url);
base::Result<std::unique_ptr<Archive>> open_sqlite_archive(const std::string& path);
base::Result<std::unique_ptr<Archive>> open_postgres_archive(const std::string& url);

// Whether there is a database to read: opening would make one. Errors: not_found (a SQLite file that is not there).
base::Status check_there(const std::string& database_url);

// Gives a file that was written as `partial` its name, in the place of one that has it; on disk when this returns.
base::Status keep_file(const std::string& partial, const std::string& to);

// A copy of a SQLite database in one consistent state, made while others write; `to` must not exist. It is complete and
// on disk when this returns, and there is none of it otherwise. Errors: invalid_argument (another kind of database, or
// `to` exists), not_found (nothing to copy), exhausted (disk full), unavailable.
base::Status backup_sqlite(const std::string& database_url, const std::string& to);

}  // namespace chatcore::storage
