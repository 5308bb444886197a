#include <array>
#include <limits>
#include <utility>
#include <vector>

#include "chatcore/storage/archive.h"
#include "chatcore/storage/postgres_connection.h"
#include "chatcore/storage/revision.h"
#include "chatcore/storage/text.h"

namespace chatcore::storage {
namespace {

// $1 after this id, $2 whether one user is asked for (1, 0), $3 that user.
constexpr PostgresStatement kConversations{
    "archive_conversations",
    "SELECT id, user_id, external_id, title, metadata, listed, created_at, last_used_at, last_sequence, "
    "removed_messages, coalesce(s.up_to, 0), coalesce(s.content, '') FROM conversations "
    "LEFT JOIN summaries s ON s.conversation_id = id WHERE id > $1::bigint AND ($2::bigint = 0 OR user_id = $3::text) "
    "ORDER BY id LIMIT 500"};
// $1 conversation, $2 after this sequence.
constexpr PostgresStatement kMessages{
    "archive_messages",
    "SELECT m.sequence, m.role, m.content, m.interrupted, m.created_at, coalesce(r.response_id, '') FROM messages m "
    "LEFT JOIN responses r ON r.conversation_id = m.conversation_id AND r.sequence = m.sequence "
    "WHERE m.conversation_id = $1::bigint AND m.sequence > $2::bigint ORDER BY m.sequence LIMIT 100"};
constexpr PostgresStatement kPutConversation{
    "archive_put_conversation",
    "INSERT INTO conversations (user_id, external_id, title, metadata, listed, created_at, last_used_at, "
    "last_sequence, removed_messages, revision) VALUES ($1::text, $2::text, $3::text, $4::text, $5::bigint = 1, "
    "$6::bigint, $7::bigint, $8::bigint, $9::bigint, $10::bigint) "
    "ON CONFLICT (user_id, external_id) DO NOTHING RETURNING id"};
// $7 user, $8 response id ('': none).
constexpr PostgresStatement kPutMessage{
    "archive_put_message",
    "WITH message AS (INSERT INTO messages (conversation_id, sequence, role, content, interrupted, created_at) "
    "VALUES ($1::bigint, $2::bigint, $3::text, $4::text, $5::bigint = 1, $6::bigint) "
    "RETURNING conversation_id, sequence) INSERT INTO responses (user_id, response_id, conversation_id, sequence) "
    "SELECT $7::text, $8::text, conversation_id, sequence FROM message WHERE $8::text <> ''"};
constexpr PostgresStatement kPutSummary{
    "archive_put_summary",
    "INSERT INTO summaries (conversation_id, up_to, content) VALUES ($1::bigint, $2::bigint, $3::text)"};
constexpr std::array kStatements{kConversations, kMessages, kPutConversation, kPutMessage, kPutSummary};

class PostgresArchive final : public Archive {
 public:
  explicit PostgresArchive(PostgresConnection connection) : connection_(std::move(connection)) {}

  base::Status read(const std::optional<std::string>& user, const Take& take) override;
  base::Status put(const ConversationRecord& record) override;
  base::Status put(const MessageRecord& record) override;
  base::Status finish() override;

 private:
  base::Status read_messages(std::int64_t conversation, const Take& take);
  base::Status put_summary(const Summary& summary);
  base::Status flush();

  PostgresConnection connection_;
  std::int64_t conversation_ = 0;  // the one that messages are put into
  std::string user_;
  std::vector<MessageRecord> waiting_;  // sent together, a round trip for all
  std::size_t waiting_bytes_ = 0;
};

base::Status PostgresArchive::read(const std::optional<std::string>& user, const Take& take) {
  const std::string one = user.value_or("");
  for (std::int64_t last = 0;;) {
    PostgresCall call(kConversations);
    call.bind(last).bind(std::int64_t{user.has_value()}).bind(one);
    const auto answer = connection_.run({&call, 1});
    if (!answer) return base::fail(answer.error());
    const PostgresRows& rows = answer->front();
    if (rows.empty()) return {};
    for (int i = 0; i < rows.size(); ++i) {
      last = rows.number(i, 0);
      const ConversationRecord record{.key = {rows.text(i, 1), rows.text(i, 2)},
                                      .title = rows.text(i, 3),
                                      .metadata = rows.text(i, 4),
                                      .listed = rows.number(i, 5) != 0,
                                      .created_ms = rows.number(i, 6),
                                      .last_used_ms = rows.number(i, 7),
                                      .last_sequence = rows.number(i, 8),
                                      .removed_messages = rows.number(i, 9),
                                      .summary = {.content = rows.text(i, 11), .up_to = rows.number(i, 10)}};
      if (auto taken = take(record); !taken) return taken;
      if (auto all = read_messages(last, take); !all) return all;
    }
  }
}

base::Status PostgresArchive::read_messages(std::int64_t conversation, const Take& take) {
  for (std::int64_t last = std::numeric_limits<std::int64_t>::min();;) {
    PostgresCall call(kMessages);
    call.bind(conversation).bind(last);
    const auto answer = connection_.run({&call, 1});
    if (!answer) return base::fail(answer.error());
    const PostgresRows& rows = answer->front();
    if (rows.empty()) return {};
    for (int i = 0; i < rows.size(); ++i) {
      last = rows.number(i, 0);
      const auto role = conversation::role_named(rows.text(i, 1));
      if (!role) return base::fail(base::Code::corrupt, "a message has the unknown role \"" + rows.text(i, 1) + "\"");
      const MessageRecord record{.message = {.role = *role,
                                             .content = rows.text(i, 2),
                                             .interrupted = rows.number(i, 3) != 0,
                                             .sequence = last},
                                 .created_ms = rows.number(i, 4),
                                 .response_id = rows.text(i, 5)};
      if (auto taken = take(record); !taken) return taken;
    }
  }
}

base::Status PostgresArchive::put(const ConversationRecord& record) {
  if (auto sent = flush(); !sent) return sent;
  std::string title;
  std::string metadata;
  PostgresCall call(kPutConversation);
  call.bind(record.key.user).bind(record.key.id).bind(storable_text(record.title, title));
  call.bind(storable_text(record.metadata, metadata)).bind(std::int64_t{record.listed}).bind(record.created_ms);
  call.bind(record.last_used_ms).bind(record.last_sequence).bind(record.removed_messages).bind(new_revision());
  const auto answer = connection_.run({&call, 1});
  if (!answer) return base::fail(answer.error());
  if (answer->front().empty()) return base::fail(base::Code::conflict, "the conversation exists already");
  conversation_ = answer->front().number(0, 0);
  user_ = record.key.user;
  return put_summary(record.summary);
}

base::Status PostgresArchive::put_summary(const Summary& summary) {
  if (summary.content.empty()) return {};
  std::string content;
  PostgresCall call(kPutSummary);
  call.bind(conversation_).bind(summary.up_to).bind(storable_text(summary.content, content));
  if (const auto answer = connection_.run({&call, 1}); !answer) return base::fail(answer.error());
  return {};
}

base::Status PostgresArchive::put(const MessageRecord& record) {
  constexpr std::size_t kTogether = 200;
  constexpr std::size_t kBytesTogether = 1u << 20;
  waiting_.push_back(record);
  waiting_bytes_ += record.message.content.size();
  return waiting_.size() < kTogether && waiting_bytes_ < kBytesTogether ? base::Status() : flush();
}

base::Status PostgresArchive::flush() {
  if (waiting_.empty()) return {};
  std::vector<std::string> texts(waiting_.size());
  std::vector<PostgresCall> calls;
  for (std::size_t i = 0; i < waiting_.size(); ++i) {
    const MessageRecord& record = waiting_[i];
    PostgresCall& call = calls.emplace_back(kPutMessage);
    call.bind(conversation_).bind(record.message.sequence).bind(name_of(record.message.role));
    call.bind(storable_text(record.message.content, texts[i])).bind(std::int64_t{record.message.interrupted});
    call.bind(record.created_ms).bind(user_).bind(record.response_id);
  }
  const auto answer = connection_.run(calls);
  waiting_.clear();
  waiting_bytes_ = 0;
  if (!answer) return base::fail(answer.error());
  return {};
}

base::Status PostgresArchive::finish() {
  if (auto sent = flush(); !sent) return sent;
  return connection_.execute("COMMIT");
}

}  // namespace

base::Result<std::unique_ptr<Archive>> open_postgres_archive(const std::string& url) {
  auto connection = PostgresConnection::open(url, {});
  if (!connection) return base::fail(connection.error());
  if (auto prepared = connection->prepare(kStatements); !prepared) return base::fail(prepared.error());
  // A reader of the export may take its time.
  auto begun =
      connection->execute("SET idle_in_transaction_session_timeout = 0; BEGIN ISOLATION LEVEL REPEATABLE READ");
  if (!begun) return base::fail(begun.error());
  return std::make_unique<PostgresArchive>(*std::move(connection));
}

}  // namespace chatcore::storage
