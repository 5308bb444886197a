#pragma once
// The tables of a SQLite store, how an older file is brought up to date, and the questions asked of them. The texts
// of the questions stand here so that a test can ask SQLite how it would answer them.

#include <cstdint>

#include "base/result.h"
#include "chatcore/storage/sqlite_connection.h"

namespace chatcore::storage {

// The version this program writes, kept in the file's user_version.
std::int64_t schema_version();

// Creates the tables in an empty database and migrates an older one, each step in a transaction of its own. Without
// `may_migrate` an older one is refused.
// Errors: corrupt when the file is newer than this program, or older and it may not, or belongs to another program;
// unavailable, exhausted.
base::Status prepare_schema(SqliteConnection& connection, bool may_migrate);

namespace sql {

// ?1 user, ?2 external id → id, last sequence, revision, created, last use, metadata.
inline constexpr const char* kFindConversation =
    "SELECT id, last_sequence, revision, created_at, last_used_at, metadata FROM conversations "
    "WHERE user = ?1 AND external_id = ?2";
// ?1 conversation, ?2 how many (-1: all) → sequence, role, content, interrupted; newest first.
inline constexpr const char* kLastMessages =
    "SELECT sequence, role, content, interrupted FROM messages WHERE conversation_id = ?1 "
    "ORDER BY sequence DESC LIMIT ?2";
// ?1 conversation → the first system message, in the columns of kLastMessages. The index is named because SQLite would
// rather walk the primary key, which reads the whole history of a conversation that has no system message.
inline constexpr const char* kSystemMessage =
    "SELECT sequence, role, content, interrupted FROM messages INDEXED BY messages_system "
    "WHERE conversation_id = ?1 AND role = 'system' ORDER BY sequence LIMIT 1";
// ?1 conversation → what its summary covers, its text.
inline constexpr const char* kSummary = "SELECT up_to, content FROM summaries WHERE conversation_id = ?1";
// ?1 conversation, ?2 sequence before the first of the page, ?3 how many, in the columns of kLastMessages.
inline constexpr const char* kMessagesAfter =
    "SELECT sequence, role, content, interrupted FROM messages WHERE conversation_id = ?1 AND sequence > ?2 "
    "ORDER BY sequence LIMIT ?3";
// The same from there towards the first.
inline constexpr const char* kMessagesBefore =
    "SELECT sequence, role, content, interrupted FROM messages WHERE conversation_id = ?1 AND sequence < ?2 "
    "ORDER BY sequence DESC LIMIT ?3";
// ?1 user, ?2 how many → external id, title, messages, last use in milliseconds; the most recent first.
inline constexpr const char* kListConversations =
    "SELECT external_id, title, last_sequence - removed_messages, last_used_at FROM conversations "
    "WHERE user = ?1 AND listed = 1 ORDER BY last_used_at DESC, id DESC LIMIT ?2";
// ?1 and ?2 the last use, in milliseconds, before which a listed and an unlisted conversation is old, ?3 how many →
// user, external id, last use, listed; the longest unused first.
inline constexpr const char* kListOld =
    "SELECT user, external_id, last_used_at, listed FROM conversations "
    "WHERE last_used_at < CASE listed WHEN 1 THEN ?1 ELSE ?2 END ORDER BY last_used_at LIMIT ?3";
// ?1 user, ?2 response id → the message in the columns of kLastMessages, its conversation's external id, created.
inline constexpr const char* kFindResponse =
    "SELECT m.sequence, m.role, m.content, m.interrupted, c.external_id, m.created_at FROM responses r "
    "JOIN conversations c ON c.id = r.conversation_id "
    "JOIN messages m ON m.conversation_id = r.conversation_id AND m.sequence = r.sequence "
    "WHERE r.user = ?1 AND r.response_id = ?2";

// ?1 user, ?2 external id, ?3 now, ?4 metadata, ?5 listed, ?6 revision → id.
inline constexpr const char* kInsertConversation =
    "INSERT INTO conversations (user, external_id, created_at, last_used_at, metadata, listed, revision) "
    "VALUES (?1, ?2, ?3, ?3, ?4, ?5, ?6) RETURNING id";
// ?1 conversation, ?2 sequence, ?3 role, ?4 content, ?5 interrupted, ?6 now.
inline constexpr const char* kInsertMessage =
    "INSERT INTO messages (conversation_id, sequence, role, content, interrupted, created_at) "
    "VALUES (?1, ?2, ?3, ?4, ?5, ?6)";
// ?1 user, ?2 response id, ?3 conversation, ?4 sequence.
inline constexpr const char* kInsertResponse =
    "INSERT INTO responses (user, response_id, conversation_id, sequence) VALUES (?1, ?2, ?3, ?4)";
// ?1 conversation, ?2 last sequence, ?3 now, ?4 title, taken when there is none yet.
inline constexpr const char* kTouchConversation =
    "UPDATE conversations SET last_sequence = ?2, last_used_at = ?3, "
    "title = CASE WHEN title = '' THEN ?4 ELSE title END WHERE id = ?1";
// ?1 user, ?2 external id, ?3 metadata → a row when it exists.
inline constexpr const char* kSetMetadata =
    "UPDATE conversations SET metadata = ?3 WHERE user = ?1 AND external_id = ?2 RETURNING 1";
// ?1 conversation, ?2 what it covers, ?3 its text → a row when it was kept.
inline constexpr const char* kKeepSummary =
    "INSERT INTO summaries (conversation_id, up_to, content) VALUES (?1, ?2, ?3) ON CONFLICT (conversation_id) "
    "DO UPDATE SET up_to = ?2, content = ?3 WHERE up_to < ?2 RETURNING 1";
// ?1 conversation, ?2 sequence → a row when it exists.
inline constexpr const char* kDeleteMessage =
    "DELETE FROM messages WHERE conversation_id = ?1 AND sequence = ?2 RETURNING 1";
// ?1 conversation, ?2 a message that no summary may speak of any more.
inline constexpr const char* kDropSummary = "DELETE FROM summaries WHERE conversation_id = ?1 AND up_to >= ?2";
// ?1 conversation.
inline constexpr const char* kCountRemoval =
    "UPDATE conversations SET removed_messages = removed_messages + 1, revision = revision + 1 WHERE id = ?1";
// ?1 conversation: gone when it is in no list and holds no response, by which alone it could be found.
inline constexpr const char* kDropUnreachable =
    "DELETE FROM conversations WHERE id = ?1 AND listed = 0 "
    "AND NOT EXISTS (SELECT 1 FROM responses WHERE conversation_id = ?1)";
// ?1 conversation; its messages go with it.
inline constexpr const char* kDeleteConversation = "DELETE FROM conversations WHERE id = ?1";
// ?1 the conversation copied to, ?2 the one copied from, ?3 the last sequence copied.
inline constexpr const char* kCopyMessages =
    "INSERT INTO messages (conversation_id, sequence, role, content, interrupted, created_at) "
    "SELECT ?1, sequence, role, content, interrupted, created_at FROM messages "
    "WHERE conversation_id = ?2 AND sequence <= ?3";
// The same parameters: a summary of no more than what is copied.
inline constexpr const char* kCopySummary =
    "INSERT INTO summaries (conversation_id, up_to, content) "
    "SELECT ?1, up_to, content FROM summaries WHERE conversation_id = ?2 AND up_to <= ?3";
// The same parameters: what the copy says about itself.
inline constexpr const char* kSettleCopy =
    "UPDATE conversations SET last_sequence = ?3, "
    "removed_messages = ?3 - (SELECT count(*) FROM messages WHERE conversation_id = ?1), "
    "title = (SELECT title FROM conversations WHERE id = ?2) WHERE id = ?1";

// Writes the file's first page as it is. The number is the application_id that the file has ("chat").
inline constexpr const char* kCheckWrite = "PRAGMA application_id = 1667785076";

}  // namespace sql
}  // namespace chatcore::storage
