#include <utility>
#include <vector>

#include "chatcore/storage/archive.h"
#include "chatcore/storage/revision.h"
#include "chatcore/storage/sqlite_connection.h"
#include "chatcore/storage/sqlite_schema.h"

namespace chatcore::storage {
namespace {

constexpr const char* kConversations =
    "SELECT id, user, external_id, title, metadata, listed, created_at, last_used_at, last_sequence, removed_messages, "
    "s.up_to, s.content FROM conversations LEFT JOIN summaries s ON s.conversation_id = id "
    "WHERE ?1 = 0 OR user = ?2 ORDER BY id";
constexpr const char* kMessages =
    "SELECT m.sequence, m.role, m.content, m.interrupted, m.created_at, r.response_id FROM messages m "
    "LEFT JOIN responses r ON r.conversation_id = m.conversation_id AND r.sequence = m.sequence "
    "WHERE m.conversation_id = ?1 ORDER BY m.sequence";
constexpr const char* kPutConversation =
    "INSERT INTO conversations (user, external_id, title, metadata, listed, created_at, last_used_at, last_sequence, "
    "removed_messages, revision) VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10) "
    "ON CONFLICT (user, external_id) DO NOTHING RETURNING id";

class SqliteArchive final : public Archive {
 public:
  struct Prepared {
    SqliteConnection connection;
    SqliteStatement conversations;
    SqliteStatement messages;
    SqliteStatement put_conversation;
    SqliteStatement put_message;
    SqliteStatement put_response;
    SqliteStatement keep_summary;
  };
  explicit SqliteArchive(Prepared prepared) : use_(std::move(prepared)) {}

  base::Status read(const std::optional<std::string>& user, const Take& take) override;
  base::Status put(const ConversationRecord& record) override;
  base::Status put(const MessageRecord& record) override;
  base::Status finish() override { return use_.connection.execute("COMMIT"); }

 private:
  base::Status read_messages(std::int64_t conversation, const Take& take);

  Prepared use_;
  std::int64_t conversation_ = 0;  // the one that messages are put into
  std::string user_;
};

base::Status SqliteArchive::read(const std::optional<std::string>& user, const Take& take) {
  SqliteStatement& rows = use_.conversations;
  rows.bind(1, std::int64_t{user.has_value()}).bind(2, user.value_or(""));
  while (true) {
    const auto row = rows.step();
    if (!row) return tl::unexpected(row.error());
    if (!*row) return {};
    const ConversationRecord record{.key = {rows.text(1), rows.text(2)},
                                    .title = rows.text(3),
                                    .metadata = rows.text(4),
                                    .listed = rows.number(5) != 0,
                                    .created_ms = rows.number(6),
                                    .last_used_ms = rows.number(7),
                                    .last_sequence = rows.number(8),
                                    .removed_messages = rows.number(9),
                                    .summary = {.content = rows.text(11), .up_to = rows.number(10)}};
    if (auto taken = take(record); !taken) return taken;
    if (auto all = read_messages(rows.number(0), take); !all) return all;
  }
}

base::Status SqliteArchive::read_messages(std::int64_t conversation, const Take& take) {
  SqliteStatement& rows = use_.messages;
  rows.bind(1, conversation);
  base::Result<bool> row = true;
  while ((row = rows.step()) && *row) {
    const auto role = conversation::role_named(rows.text(1));
    if (!role) return base::fail(base::Code::corrupt, "a message has the unknown role \"" + rows.text(1) + "\"");
    const MessageRecord record{.message = {.role = *role,
                                           .content = rows.text(2),
                                           .interrupted = rows.number(3) != 0,
                                           .sequence = rows.number(0)},
                               .created_ms = rows.number(4),
                               .response_id = rows.text(5)};
    if (auto taken = take(record); !taken) return taken;
  }
  rows.reset();
  if (!row) return tl::unexpected(row.error());
  return {};
}

base::Status SqliteArchive::put(const ConversationRecord& record) {
  SqliteStatement& insert = use_.put_conversation;
  insert.bind(1, record.key.user).bind(2, record.key.id).bind(3, record.title).bind(4, record.metadata);
  insert.bind(5, std::int64_t{record.listed}).bind(6, record.created_ms).bind(7, record.last_used_ms);
  const auto row =
      insert.bind(8, record.last_sequence).bind(9, record.removed_messages).bind(10, new_revision()).step();
  conversation_ = row && *row ? insert.number(0) : 0;
  user_ = record.key.user;
  insert.reset();
  if (!row) return tl::unexpected(row.error());
  if (conversation_ == 0) return base::fail(base::Code::conflict, "the conversation exists already");
  const Summary& summary = record.summary;
  if (summary.content.empty()) return {};
  return use_.keep_summary.bind(1, conversation_).bind(2, summary.up_to).bind(3, summary.content).run();
}

base::Status SqliteArchive::put(const MessageRecord& record) {
  SqliteStatement& insert = use_.put_message;
  const Message& message = record.message;
  insert.bind(1, conversation_).bind(2, message.sequence).bind(3, name_of(message.role)).bind(4, message.content);
  if (auto put = insert.bind(5, std::int64_t{message.interrupted}).bind(6, record.created_ms).run(); !put) return put;
  if (record.response_id.empty()) return {};
  SqliteStatement& name = use_.put_response;
  return name.bind(1, user_).bind(2, record.response_id).bind(3, conversation_).bind(4, message.sequence).run();
}

}  // namespace

base::Result<std::unique_ptr<Archive>> open_sqlite_archive(const std::string& path) {
  auto connection = SqliteConnection::open(path, Access::read_write);
  if (!connection) return base::fail(connection.error());
  std::vector<SqliteStatement> statements;
  for (const char* text :
       {kConversations, kMessages, kPutConversation, sql::kInsertMessage, sql::kInsertResponse, sql::kKeepSummary}) {
    auto statement = connection->prepare(text);
    if (!statement) return base::fail(statement.error());
    statements.push_back(*std::move(statement));
  }
  if (auto begun = connection->execute("BEGIN"); !begun) return base::fail(begun.error());
  return std::make_unique<SqliteArchive>(SqliteArchive::Prepared{
      *std::move(connection), std::move(statements[0]), std::move(statements[1]), std::move(statements[2]),
      std::move(statements[3]), std::move(statements[4]), std::move(statements[5])});
}

}  // namespace chatcore::storage
