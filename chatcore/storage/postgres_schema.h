#pragma once
// The tables of a PostgreSQL store, in a schema of their own named chatcore; how older ones are brought up to date; and
// the statements that every connection prepares.

#include <array>
#include <cstdint>
#include <span>

#include "base/result.h"
#include "chatcore/storage/postgres_connection.h"

namespace chatcore::storage {

// The version this program writes, kept in the table chatcore.schema_version.
std::int64_t postgres_schema_version();

// Creates the tables in an empty database and migrates older ones, in one transaction: of several programs that do so
// at once one does it and the others wait. Without `may_migrate` older ones are refused. Errors: corrupt when the
// database is newer than this program, or older and it may not; permission_denied, unavailable.
base::Status prepare_postgres_schema(PostgresConnection& connection, bool may_migrate);

namespace postgres {

// All of a group's writes stand between these two.
inline constexpr PostgresStatement kBegin{"begin", "BEGIN ISOLATION LEVEL READ COMMITTED"};
inline constexpr PostgresStatement kCommit{"commit", "COMMIT"};
// Several questions see one state of the database.
inline constexpr PostgresStatement kBeginReading{"begin_reading", "BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY"};

// $1 user, $2 external id, $3 after, $4 first and $11 last revision that will do, $5 role, $6 content, $7 interrupted
// (1, 0), $8 now, $9 title, $10 response id ('': none) → sequence, or no row when it does not follow. One statement, so
// that comparing and appending cannot come apart: the row of the conversation is locked first, and read again when
// another writer held it.
inline constexpr PostgresStatement kAppend{
    "append",
    "WITH conversation AS (UPDATE conversations SET last_sequence = last_sequence + 1, last_used_at = $8::bigint, "
    "title = CASE WHEN title = '' THEN $9::text ELSE title END "
    "WHERE user_id = $1::text AND external_id = $2::text AND last_sequence = $3::bigint "
    "AND revision BETWEEN $4::bigint AND $11::bigint AND ($10::text = '' OR NOT EXISTS "
    "(SELECT FROM responses r WHERE r.user_id = $1::text AND r.response_id = $10::text)) RETURNING id, last_sequence), "
    "message AS (INSERT INTO messages (conversation_id, sequence, role, content, interrupted, created_at) "
    "SELECT id, last_sequence, $5::text, $6::text, $7::bigint = 1, $8::bigint FROM conversation "
    "RETURNING conversation_id, sequence), "
    "name AS (INSERT INTO responses (user_id, response_id, conversation_id, sequence) "
    "SELECT $1::text, $10::text, conversation_id, sequence FROM message WHERE $10::text <> '') "
    "SELECT sequence FROM message"};
// $1 user, $2 external id, $3 now, $4 metadata, $5 listed (1, 0), $6 revision, $7 the id of a response that must not be
// there ('': none) → a row when it was created.
inline constexpr PostgresStatement kCreate{
    "create_conversation",
    "INSERT INTO conversations (user_id, external_id, created_at, last_used_at, metadata, listed, revision) "
    "SELECT $1::text, $2::text, $3::bigint, $3::bigint, $4::text, $5::bigint = 1, $6::bigint WHERE $7::text = '' "
    "OR NOT EXISTS (SELECT FROM responses r WHERE r.user_id = $1::text AND r.response_id = $7::text) "
    "ON CONFLICT (user_id, external_id) DO NOTHING RETURNING id"};
// $1 user, $2 external id, $3 now, $4 metadata, $5 listed (1, 0), $6 revision, $7 the external id to copy from, $8 the
// last sequence to copy → how many sources there are, how many copies were created. One statement, so that all of it
// sees one state of the source.
inline constexpr PostgresStatement kFork{
    "fork",
    "WITH source AS (SELECT id, title FROM conversations WHERE user_id = $1::text AND external_id = $7::text "
    "AND last_sequence >= $8::bigint), "
    "copy AS (INSERT INTO conversations (user_id, external_id, created_at, last_used_at, metadata, listed, revision, "
    "title, last_sequence, removed_messages) SELECT $1::text, $2::text, $3::bigint, $3::bigint, $4::text, "
    "$5::bigint = 1, $6::bigint, title, $8::bigint, $8::bigint - (SELECT count(*) FROM messages m "
    "WHERE m.conversation_id = source.id AND m.sequence <= $8::bigint) FROM source "
    "ON CONFLICT (user_id, external_id) DO NOTHING RETURNING id), "
    "copied AS (INSERT INTO messages (conversation_id, sequence, role, content, interrupted, created_at) "
    "SELECT copy.id, m.sequence, m.role, m.content, m.interrupted, m.created_at FROM copy, source, messages m "
    "WHERE m.conversation_id = source.id AND m.sequence <= $8::bigint), "
    "summary AS (INSERT INTO summaries (conversation_id, up_to, content) SELECT copy.id, s.up_to, s.content "
    "FROM copy, source, summaries s WHERE s.conversation_id = source.id AND s.up_to <= $8::bigint) "
    "SELECT (SELECT count(*) FROM source), (SELECT count(*) FROM copy)"};
// $1 user, $2 external id, $3 metadata → a row when it exists.
inline constexpr PostgresStatement kSetMetadata{
    "set_metadata",
    "UPDATE conversations SET metadata = $3::text WHERE user_id = $1::text AND external_id = $2::text RETURNING id"};
// $1 user, $2 external id, $3 revision, $4 what it covers, $5 its text → a row when it was kept. The conversation is
// locked as below.
inline constexpr PostgresStatement kKeepSummary{
    "keep_summary",
    "WITH conversation AS (SELECT id FROM conversations WHERE user_id = $1::text AND external_id = $2::text "
    "AND revision = $3::bigint FOR UPDATE) "
    "INSERT INTO summaries AS s (conversation_id, up_to, content) SELECT id, $4::bigint, $5::text FROM conversation "
    "ON CONFLICT (conversation_id) DO UPDATE SET up_to = excluded.up_to, content = excluded.content "
    "WHERE s.up_to < excluded.up_to RETURNING s.up_to"};
// $1 user, $2 external id, $3 sequence → a row when there was such a message. The conversation is locked first, as by
// every other write, so that no two can wait for each other.
inline constexpr PostgresStatement kDeleteMessage{
    "delete_message",
    "WITH conversation AS (SELECT id FROM conversations WHERE user_id = $1::text AND external_id = $2::text FOR "
    "UPDATE), "
    "gone AS (DELETE FROM messages m USING conversation c WHERE m.conversation_id = c.id AND m.sequence = $3::bigint "
    "RETURNING m.conversation_id), "
    "summary AS (DELETE FROM summaries s USING gone WHERE s.conversation_id = gone.conversation_id "
    "AND s.up_to >= $3::bigint) "
    "UPDATE conversations c SET removed_messages = removed_messages + 1, revision = revision + 1 "
    "FROM gone WHERE c.id = gone.conversation_id RETURNING c.id"};
// $1 user, $2 external id: gone when it is in no list and holds no response, by which alone it could be found.
inline constexpr PostgresStatement kDropUnreachable{
    "drop_unreachable",
    "DELETE FROM conversations c WHERE c.user_id = $1::text AND c.external_id = $2::text AND NOT c.listed "
    "AND NOT EXISTS (SELECT 1 FROM responses r WHERE r.conversation_id = c.id)"};
// $1 user, $2 external id, $3 the last use, in milliseconds, after which it stays → a row when it was there; its
// messages go with it.
inline constexpr PostgresStatement kDeleteConversation{
    "delete_conversation",
    "DELETE FROM conversations WHERE user_id = $1::text AND external_id = $2::text AND last_used_at <= $3::bigint "
    "RETURNING id"};

// $1 user, $2 external id → last sequence, revision, created, last use, metadata.
inline constexpr PostgresStatement kFind{
    "find",
    "SELECT last_sequence, revision, created_at, last_used_at, metadata FROM conversations "
    "WHERE user_id = $1::text AND external_id = $2::text"};
// $1 user, $2 external id, $3 how many (0: all), $4 up to the one that brings them to so many bytes → sequence, role,
// content, interrupted, whether it is within these bytes: else the content is left out; newest first. The bytes of a
// text are known to the server without reading it.
inline constexpr PostgresStatement kLastMessages{
    "last_messages",
    "SELECT sequence, role, CASE WHEN fits THEN content ELSE '' END, interrupted, fits FROM (SELECT *, "
    "sum(octet_length(content)) OVER (ORDER BY sequence DESC) - octet_length(content) < $4::bigint AS fits FROM "
    "(SELECT sequence, role, content, interrupted FROM messages WHERE conversation_id = "
    "(SELECT id FROM conversations WHERE user_id = $1::text AND external_id = $2::text) "
    "ORDER BY sequence DESC LIMIT NULLIF($3::bigint, 0)) AS newest) AS measured ORDER BY sequence DESC"};
// $1 user, $2 external id → the first system message: sequence, role, content, interrupted.
inline constexpr PostgresStatement kSystemMessage{
    "system_message",
    "SELECT sequence, role, content, interrupted FROM messages WHERE role = 'system' AND conversation_id = "
    "(SELECT id FROM conversations WHERE user_id = $1::text AND external_id = $2::text) ORDER BY sequence LIMIT 1"};
// $1 user, $2 external id → what its summary covers, its text.
inline constexpr PostgresStatement kSummary{
    "summary",
    "SELECT up_to, content FROM summaries WHERE conversation_id = "
    "(SELECT id FROM conversations WHERE user_id = $1::text AND external_id = $2::text)"};
// $1 user, $2 external id, $3 sequence before the first of the page, $4 how many, $5 up to so many bytes, in the
// columns of kLastMessages.
inline constexpr PostgresStatement kMessagesAfter{
    "messages_after",
    "SELECT sequence, role, CASE WHEN fits THEN content ELSE '' END, interrupted, fits FROM (SELECT *, "
    "sum(octet_length(content)) OVER (ORDER BY sequence) - octet_length(content) < $5::bigint AS fits FROM "
    "(SELECT sequence, role, content, interrupted FROM messages WHERE conversation_id = "
    "(SELECT id FROM conversations WHERE user_id = $1::text AND external_id = $2::text) AND sequence > $3::bigint "
    "ORDER BY sequence LIMIT $4::bigint) AS page) AS measured ORDER BY sequence"};
// The same from there towards the first.
inline constexpr PostgresStatement kMessagesBefore{
    "messages_before",
    "SELECT sequence, role, CASE WHEN fits THEN content ELSE '' END, interrupted, fits FROM (SELECT *, "
    "sum(octet_length(content)) OVER (ORDER BY sequence DESC) - octet_length(content) < $5::bigint AS fits FROM "
    "(SELECT sequence, role, content, interrupted FROM messages WHERE conversation_id = "
    "(SELECT id FROM conversations WHERE user_id = $1::text AND external_id = $2::text) AND sequence < $3::bigint "
    "ORDER BY sequence DESC LIMIT $4::bigint) AS page) AS measured ORDER BY sequence DESC"};
// $1 user, $2 how many → external id, title, messages, last use; the most recent first.
inline constexpr PostgresStatement kList{
    "list",
    "SELECT external_id, title, last_sequence - removed_messages, last_used_at FROM conversations "
    "WHERE user_id = $1::text AND listed ORDER BY last_used_at DESC, id DESC LIMIT $2::bigint"};
// $1 and $2 the last use, in milliseconds, before which a listed and an unlisted conversation is old, $3 how many →
// user, external id, last use, listed; the longest unused first.
inline constexpr PostgresStatement kListOld{
    "list_old",
    "SELECT user_id, external_id, last_used_at, CASE WHEN listed THEN 1 ELSE 0 END FROM conversations "
    "WHERE last_used_at < CASE WHEN listed THEN $1::bigint ELSE $2::bigint END ORDER BY last_used_at LIMIT $3::bigint"};
// $1 user, $2 response id → the message in the columns of kSystemMessage, its conversation's external id, created.
inline constexpr PostgresStatement kFindResponse{
    "find_response",
    "SELECT m.sequence, m.role, m.content, m.interrupted, c.external_id, m.created_at FROM responses r "
    "JOIN conversations c ON c.id = r.conversation_id "
    "JOIN messages m ON m.conversation_id = r.conversation_id AND m.sequence = r.sequence "
    "WHERE r.user_id = $1::text AND r.response_id = $2::text"};

// Writes a row as it is.
inline constexpr PostgresStatement kCheckWrite{"check_write", "UPDATE schema_version SET version = version"};

inline constexpr std::array kWriting{kBegin,       kCommit,      kAppend,        kCreate,          kFork,
                                     kSetMetadata, kKeepSummary, kDeleteMessage, kDropUnreachable, kDeleteConversation,
                                     kCheckWrite};
inline constexpr std::array kReading{kBeginReading,   kCommit, kFind,    kLastMessages, kSystemMessage, kMessagesAfter,
                                     kMessagesBefore, kList,   kListOld, kFindResponse, kSummary};

}  // namespace postgres
}  // namespace chatcore::storage
