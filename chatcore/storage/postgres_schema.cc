#include "chatcore/storage/postgres_schema.h"

#include <array>
#include <string>

namespace chatcore::storage {
namespace {

// Programs that migrate at the same time take turns by this lock: "chatcore" as a number.
constexpr const char* kMigrationLock = "SELECT pg_advisory_xact_lock(7163384699739271781)";

// Step i leads from version i to version i + 1. Times are milliseconds since 1970 UTC. The indexes are those of the
// SQLite store, for the same questions.
//
// Step 2: summaries of what precedes the window, for the few conversations that have one.
constexpr std::array<const char*, 2> kSteps{R"sql(
CREATE TABLE chatcore.conversations (
  id               bigint  GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
  user_id          text    NOT NULL,
  external_id      text    NOT NULL,
  created_at       bigint  NOT NULL,
  last_used_at     bigint  NOT NULL,
  last_sequence    bigint  NOT NULL DEFAULT 0,
  title            text    NOT NULL DEFAULT '',
  metadata         text    NOT NULL DEFAULT '{}',
  listed           boolean NOT NULL DEFAULT true,
  removed_messages bigint  NOT NULL DEFAULT 0,
  revision         bigint  NOT NULL,
  UNIQUE (user_id, external_id)
);
CREATE INDEX conversations_by_last_use ON chatcore.conversations (user_id, last_used_at, id) WHERE listed;
CREATE TABLE chatcore.messages (
  conversation_id bigint  NOT NULL REFERENCES chatcore.conversations (id) ON DELETE CASCADE,
  sequence        bigint  NOT NULL,
  role            text    NOT NULL CHECK (role IN ('system', 'user', 'assistant')),
  content         text    NOT NULL,
  interrupted     boolean NOT NULL DEFAULT false,
  created_at      bigint  NOT NULL,
  PRIMARY KEY (conversation_id, sequence)
);
CREATE INDEX messages_system ON chatcore.messages (conversation_id, sequence) WHERE role = 'system';
CREATE TABLE chatcore.responses (
  user_id         text   NOT NULL,
  response_id     text   NOT NULL,
  conversation_id bigint NOT NULL,
  sequence        bigint NOT NULL,
  PRIMARY KEY (user_id, response_id),
  FOREIGN KEY (conversation_id, sequence) REFERENCES chatcore.messages (conversation_id, sequence) ON DELETE CASCADE
);
CREATE INDEX responses_by_message ON chatcore.responses (conversation_id, sequence);
)sql",
                                            R"sql(
CREATE TABLE chatcore.summaries (
  conversation_id bigint PRIMARY KEY REFERENCES chatcore.conversations (id) ON DELETE CASCADE,
  up_to           bigint NOT NULL,
  content         text   NOT NULL
);
)sql"};

base::Result<std::int64_t> version_of(PostgresConnection& connection) {
  // The table itself may not be there, and a question about it would then be an error.
  const auto exists = connection.query_number(
      "SELECT count(*)::bigint FROM pg_tables WHERE schemaname = 'chatcore' AND tablename = 'schema_version'");
  if (!exists || *exists == 0) return exists;
  return connection.query_number("SELECT max(version)::bigint FROM chatcore.schema_version");
}

base::Status check_version(std::int64_t version, bool may_migrate) {
  const std::string has = "the database has schema version " + std::to_string(version);
  const std::string knows = std::to_string(postgres_schema_version());
  if (version > postgres_schema_version() || version < 0) {
    return base::fail(base::Code::corrupt, has + " and this program knows versions up to " + knows +
                                               "; install the chatcore that wrote it, or restore an older copy");
  }
  if (version > 0 && version < postgres_schema_version() && !may_migrate) {
    return base::fail(base::Code::corrupt, has + " and this program needs " + knows + "; run: chatcore migrate");
  }
  return {};
}

base::Status migrate(PostgresConnection& connection) {
  // Looked at again: another program may have held the lock until it had done this.
  const auto version = version_of(connection);
  if (!version) return base::fail(version.error());
  if (auto known = check_version(*version, true); !known) return known;
  std::string text =
      "CREATE SCHEMA IF NOT EXISTS chatcore;"
      "CREATE TABLE IF NOT EXISTS chatcore.schema_version (version bigint NOT NULL);";
  for (auto step = static_cast<std::size_t>(*version); step < kSteps.size(); ++step) text += kSteps[step];
  text += "DELETE FROM chatcore.schema_version; INSERT INTO chatcore.schema_version VALUES (" +
          std::to_string(postgres_schema_version()) + ")";
  return connection.execute(text);
}

}  // namespace

std::int64_t postgres_schema_version() { return static_cast<std::int64_t>(kSteps.size()); }

base::Status prepare_postgres_schema(PostgresConnection& connection, bool may_migrate) {
  const auto version = version_of(connection);
  if (!version) return base::fail(version.error());
  if (auto known = check_version(*version, may_migrate); !known) return known;
  if (*version == postgres_schema_version()) return {};
  // A large table takes longer to change than a message to be stored.
  for (const char* const begin :
       {"BEGIN; SET LOCAL lock_timeout = 0; SET LOCAL statement_timeout = 0", kMigrationLock}) {
    if (auto begun = connection.execute(begin); !begun) return begun;
  }
  auto migrated = migrate(connection);
  auto ended = connection.execute(migrated ? "COMMIT" : "ROLLBACK");
  if (!migrated)
    return base::fail(
        migrated.error().within("migrate to schema version " + std::to_string(postgres_schema_version())));
  return ended;
}

}  // namespace chatcore::storage
