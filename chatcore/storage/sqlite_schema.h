#pragma once
// The tables of a SQLite store, how an older file is brought up to date, and the questions asked of them. The texts
// of the questions stand here so that a test can ask SQLite how it would answer them.

#include <cstdint>

#include "base/result.h"
#include "chatcore/storage/sqlite_connection.h"

namespace chatcore::storage {

// The version this program writes, kept in the file's user_version.
std::int64_t schema_version();

// Creates the tables in an empty database and migrates an older one, each step in a transaction of its own.
// Errors: corrupt when the file is newer than this program or belongs to another one; unavailable, exhausted.
base::Status prepare_schema(SqliteConnection& connection);

namespace sql {

// ?1 user, ?2 external id → id, last sequence.
inline constexpr const char* kFindConversation =
    "SELECT id, last_sequence FROM conversations WHERE user = ?1 AND external_id = ?2";
// ?1 conversation, ?2 how many (-1: all) → sequence, role, content, interrupted; newest first.
inline constexpr const char* kLastMessages =
    "SELECT sequence, role, content, interrupted FROM messages WHERE conversation_id = ?1 "
    "ORDER BY sequence DESC LIMIT ?2";
// ?1 conversation → the first system message, in the columns of kLastMessages. The index is named because SQLite would
// rather walk the primary key, which reads the whole history of a conversation that has no system message.
inline constexpr const char* kSystemMessage =
    "SELECT sequence, role, content, interrupted FROM messages INDEXED BY messages_system "
    "WHERE conversation_id = ?1 AND role = 'system' ORDER BY sequence LIMIT 1";
// ?1 user, ?2 how many → external id, title, messages, last use in milliseconds; the most recent first.
inline constexpr const char* kListConversations =
    "SELECT external_id, title, last_sequence, last_used_at FROM conversations WHERE user = ?1 "
    "ORDER BY last_used_at DESC, id DESC LIMIT ?2";

// ?1 user, ?2 external id, ?3 now.
inline constexpr const char* kInsertConversation =
    "INSERT INTO conversations (user, external_id, created_at, last_used_at) VALUES (?1, ?2, ?3, ?3) RETURNING id";
// ?1 conversation, ?2 sequence, ?3 role, ?4 content, ?5 interrupted, ?6 now.
inline constexpr const char* kInsertMessage =
    "INSERT INTO messages (conversation_id, sequence, role, content, interrupted, created_at) "
    "VALUES (?1, ?2, ?3, ?4, ?5, ?6)";
// ?1 conversation, ?2 last sequence, ?3 now, ?4 title, taken when there is none yet.
inline constexpr const char* kTouchConversation =
    "UPDATE conversations SET last_sequence = ?2, last_used_at = ?3, "
    "title = CASE WHEN title = '' THEN ?4 ELSE title END WHERE id = ?1";
// ?1 conversation; its messages go with it.
inline constexpr const char* kDeleteConversation = "DELETE FROM conversations WHERE id = ?1";

}  // namespace sql
}  // namespace chatcore::storage
