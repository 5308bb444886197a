#pragma once
// One connection that reads, with its statements prepared once and kept.

#include <string>
#include <vector>

#include "base/result.h"
#include "chatcore/storage/sqlite_connection.h"
#include "chatcore/storage/store.h"

namespace chatcore::storage {

// Blocking; use from one thread at a time. Errors: unavailable, corrupt.
class SqliteReader {
 public:
  static base::Result<SqliteReader> open(const std::string& path);

  // As Store::load_window; all of it is read from one state of the database.
  base::Result<Window> load_window(const ConversationKey& key, std::size_t max_messages);
  // As Store::list.
  base::Result<std::vector<ConversationSummary>> list(const std::string& user, std::size_t limit);

 private:
  SqliteReader(SqliteConnection connection, std::vector<SqliteStatement> statements);
  base::Result<Window> read_window(const ConversationKey& key, std::size_t max_messages);

  SqliteConnection connection_;
  SqliteStatement begin_;
  SqliteStatement end_;
  SqliteStatement find_;
  SqliteStatement last_messages_;
  SqliteStatement system_message_;
  SqliteStatement list_;
};

}  // namespace chatcore::storage
