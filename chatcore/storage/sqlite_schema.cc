#include "chatcore/storage/sqlite_schema.h"

#include <array>
#include <string>

namespace chatcore::storage {
namespace {

// "chat" as a number: how a file says whose it is (SQLite's application_id).
constexpr std::int64_t kApplicationId = 0x63686174;

// Step i leads from version i to version i + 1. Times are milliseconds since 1970 UTC.
//
// Messages are kept in the order of their key (WITHOUT ROWID), so the end of a conversation is read from
// neighbouring pages. The system message has an index of its own, which holds only such messages: it is found
// without reading the history between.
//
// Step 2: metadata, conversations that are not listed, messages removed one by one, and the answers that clients know
// by a response's id. Those have a table of their own, so that other messages carry no part of it.
//
// Step 3: summaries of what precedes the window, for the few conversations that have one.
constexpr std::array<const char*, 3> kSteps{R"sql(
CREATE TABLE conversations (
  id            INTEGER PRIMARY KEY,
  user          TEXT    NOT NULL,
  external_id   TEXT    NOT NULL,
  created_at    INTEGER NOT NULL,
  last_used_at  INTEGER NOT NULL,
  last_sequence INTEGER NOT NULL DEFAULT 0,
  title         TEXT    NOT NULL DEFAULT '',
  UNIQUE (user, external_id)
);
CREATE INDEX conversations_by_last_use ON conversations (user, last_used_at, id);
CREATE TABLE messages (
  conversation_id INTEGER NOT NULL REFERENCES conversations (id) ON DELETE CASCADE,
  sequence        INTEGER NOT NULL,
  role            TEXT    NOT NULL CHECK (role IN ('system', 'user', 'assistant')),
  content         TEXT    NOT NULL,
  interrupted     INTEGER NOT NULL DEFAULT 0,
  created_at      INTEGER NOT NULL,
  PRIMARY KEY (conversation_id, sequence)
) WITHOUT ROWID;
CREATE INDEX messages_system ON messages (conversation_id, sequence) WHERE role = 'system';
)sql",
                                            R"sql(
ALTER TABLE conversations ADD COLUMN metadata TEXT NOT NULL DEFAULT '{}';
ALTER TABLE conversations ADD COLUMN listed INTEGER NOT NULL DEFAULT 1;
ALTER TABLE conversations ADD COLUMN removed_messages INTEGER NOT NULL DEFAULT 0;
ALTER TABLE conversations ADD COLUMN revision INTEGER NOT NULL DEFAULT 1;
DROP INDEX conversations_by_last_use;
CREATE INDEX conversations_by_last_use ON conversations (user, last_used_at, id) WHERE listed = 1;
CREATE TABLE responses (
  user            TEXT    NOT NULL,
  response_id     TEXT    NOT NULL,
  conversation_id INTEGER NOT NULL,
  sequence        INTEGER NOT NULL,
  PRIMARY KEY (user, response_id),
  FOREIGN KEY (conversation_id, sequence) REFERENCES messages (conversation_id, sequence) ON DELETE CASCADE
) WITHOUT ROWID;
CREATE INDEX responses_by_message ON responses (conversation_id, sequence);
)sql",
                                            R"sql(
CREATE TABLE summaries (
  conversation_id INTEGER PRIMARY KEY REFERENCES conversations (id) ON DELETE CASCADE,
  up_to           INTEGER NOT NULL,
  content         TEXT    NOT NULL
);
)sql"};

base::Status run_step(SqliteConnection& connection, std::size_t step) {
  const std::string text = "BEGIN IMMEDIATE;" + std::string(kSteps[step]) +
                           "PRAGMA application_id=" + std::to_string(kApplicationId) + ";" +
                           "PRAGMA user_version=" + std::to_string(step + 1) + ";COMMIT";
  auto done = connection.execute(text.c_str());
  if (!done && connection.in_transaction()) (void)connection.execute("ROLLBACK");
  return done;
}

// A database with tables that are not ours is most likely another program's, named by mistake.
base::Status check_owner(SqliteConnection& connection) {
  const auto owner = connection.query_number("PRAGMA application_id");
  if (!owner) return tl::unexpected(owner.error());
  const auto tables = connection.query_number("SELECT count(*) FROM sqlite_master");
  if (!tables) return tl::unexpected(tables.error());
  if (*tables == 0 || *owner == kApplicationId) return {};
  return base::fail(base::Code::corrupt, "the file is a database of another program; give chatcore a file of its own");
}

}  // namespace

std::int64_t schema_version() { return static_cast<std::int64_t>(kSteps.size()); }

base::Status prepare_schema(SqliteConnection& connection, bool may_migrate) {
  if (auto ours = check_owner(connection); !ours) return ours;
  const auto version = connection.query_number("PRAGMA user_version");
  if (!version) return tl::unexpected(version.error());
  if (*version > schema_version() || *version < 0) {
    return base::fail(base::Code::corrupt, "the database has schema version " + std::to_string(*version) +
                                               " and this program knows versions up to " +
                                               std::to_string(schema_version()) +
                                               "; install the chatcore that wrote it, or restore an older copy");
  }
  if (!may_migrate && *version > 0 && *version < schema_version()) {
    return base::fail(base::Code::corrupt, "the database has schema version " + std::to_string(*version) +
                                               " and this program needs " + std::to_string(schema_version()) +
                                               "; run: chatcore migrate");
  }
  for (auto step = static_cast<std::size_t>(*version); step < kSteps.size(); ++step) {
    if (auto done = run_step(connection, step); !done) {
      return tl::unexpected(done.error().within("migrate to schema version " + std::to_string(step + 1)));
    }
  }
  return {};
}

}  // namespace chatcore::storage
