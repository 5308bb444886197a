#include "chatcore/storage/sqlite_write_session.h"

#include <utility>

#include "chatcore/storage/revision.h"
#include "chatcore/storage/sqlite_connection.h"
#include "chatcore/storage/sqlite_schema.h"
#include "chatcore/storage/title.h"

namespace chatcore::storage {
namespace {

// Steps once and resets; whether there was a row.
base::Result<bool> row_of(SqliteStatement& statement) {
  auto row = statement.step();
  statement.reset();
  return row;
}

WriteOutcome as_number(base::Result<bool> changed) {
  if (!changed) return tl::unexpected(std::move(changed).error());
  return *changed ? 1 : 0;
}

}  // namespace

// The connection and its statements, prepared once and kept.
struct SqliteWriteSession::Prepared {
  SqliteConnection connection;
  SqliteStatement begin;
  SqliteStatement commit;
  SqliteStatement mark;  // so that a write that fails half-way leaves nothing behind
  SqliteStatement keep;
  SqliteStatement undo;
  SqliteStatement find;
  SqliteStatement insert_conversation;
  SqliteStatement insert_message;
  SqliteStatement insert_response;
  SqliteStatement touch;
  SqliteStatement set_metadata;
  SqliteStatement keep_summary;
  SqliteStatement delete_message;
  SqliteStatement drop_summary;
  SqliteStatement count_removal;
  SqliteStatement drop_unreachable;
  SqliteStatement remove;
  SqliteStatement copy_messages;
  SqliteStatement copy_summary;
  SqliteStatement settle_copy;

  static base::Result<std::unique_ptr<Prepared>> open(const std::string& path, bool may_migrate);
};

base::Result<std::unique_ptr<SqliteWriteSession::Prepared>> SqliteWriteSession::Prepared::open(const std::string& path,
                                                                                               bool may_migrate) {
  auto connection = SqliteConnection::open(path, Access::read_write);
  if (!connection) return tl::unexpected(std::move(connection).error());
  if (auto ready = prepare_schema(*connection, may_migrate); !ready) return tl::unexpected(std::move(ready).error());
  std::vector<SqliteStatement> prepared;
  for (const char* text : {"BEGIN IMMEDIATE",        "COMMIT",
                           "SAVEPOINT one",          "RELEASE one",
                           "ROLLBACK TO one",        sql::kFindConversation,
                           sql::kInsertConversation, sql::kInsertMessage,
                           sql::kInsertResponse,     sql::kTouchConversation,
                           sql::kSetMetadata,        sql::kKeepSummary,
                           sql::kDeleteMessage,      sql::kDropSummary,
                           sql::kCountRemoval,       sql::kDropUnreachable,
                           sql::kDeleteConversation, sql::kCopyMessages,
                           sql::kCopySummary,        sql::kSettleCopy}) {
    auto statement = connection->prepare(text);
    if (!statement) return tl::unexpected(std::move(statement).error());
    prepared.push_back(*std::move(statement));
  }
  auto next = prepared.begin();
  const auto take = [&next] { return std::move(*next++); };
  return std::unique_ptr<Prepared>(new Prepared{*std::move(connection),
                                                take(),
                                                take(),
                                                take(),
                                                take(),
                                                take(),
                                                take(),
                                                take(),
                                                take(),
                                                take(),
                                                take(),
                                                take(),
                                                take(),
                                                take(),
                                                take(),
                                                take(),
                                                take(),
                                                take(),
                                                take(),
                                                take(),
                                                take()});
}

base::Result<std::unique_ptr<WriteSession>> SqliteWriteSession::open(const std::string& path, bool may_migrate,
                                                                     const base::Clock& clock,
                                                                     StoreCounters& counters) {
  auto prepared = Prepared::open(path, may_migrate);
  if (!prepared) return tl::unexpected(std::move(prepared).error());
  return std::unique_ptr<WriteSession>(new SqliteWriteSession(*std::move(prepared), clock, counters));
}

SqliteWriteSession::SqliteWriteSession(std::unique_ptr<Prepared> prepared, const base::Clock& clock,
                                       StoreCounters& counters)
    : use_(std::move(prepared)), clock_(clock), counters_(counters) {
  counters_.connected();
}

SqliteWriteSession::~SqliteWriteSession() { --counters_.connections_open; }

std::int64_t SqliteWriteSession::now() const {
  return std::chrono::duration_cast<std::chrono::milliseconds>(clock_.wall_now().time_since_epoch()).count();
}

std::vector<WriteOutcome> SqliteWriteSession::commit(const std::vector<Write>& group) {
  auto outcomes = commit_group(group, false);
  // Rare enough (a message larger than SQLite takes) that all of it is done again with care.
  return outcomes ? *std::move(outcomes) : commit_group(group, true).value();
}

// Absent when an append has failed half-way that had no savepoint.
std::optional<std::vector<WriteOutcome>> SqliteWriteSession::commit_group(const std::vector<Write>& group,
                                                                          bool is_careful) {
  std::vector<WriteOutcome> outcomes;
  base::Status committed = use_->connection.check_file();
  if (committed) committed = use_->begin.run();
  for (auto write = group.begin(); committed && write != group.end(); ++write) {
    // An append finds out whether it may before it changes anything, and a savepoint for it would cost a quarter of it.
    const auto* append = is_careful ? nullptr : std::get_if<Append>(&write->what);
    const bool is_plain = append != nullptr && append->response_id.empty();
    outcomes.push_back(is_plain ? apply(*append) : apply_whole(write->what));
    // After some errors (disk full, I/O) SQLite has undone the whole group by itself.
    if (!use_->connection.in_transaction()) {
      committed = tl::unexpected(outcomes.back().error());
    } else if (is_plain && !outcomes.back() && outcomes.back().error().code != base::Code::conflict) {
      (void)use_->connection.execute("ROLLBACK");
      return std::nullopt;
    }
  }
  if (committed) committed = use_->commit.run();
  if (committed) {
    ++counters_.commits_total;
    return outcomes;
  }
  if (use_->connection.in_transaction()) (void)use_->connection.execute("ROLLBACK");
  // In round brackets: in curly ones the size would be taken for the first outcome.
  return std::vector<WriteOutcome>(group.size(), tl::unexpected(committed.error()));
}

WriteOutcome SqliteWriteSession::apply_whole(const WriteOperation& what) {
  if (auto marked = use_->mark.run(); !marked) return tl::unexpected(std::move(marked).error());
  WriteOutcome outcome = std::visit([this](const auto& one) { return apply(one); }, what);
  if (!use_->connection.in_transaction()) return outcome;
  if (!outcome) (void)use_->undo.run();
  (void)use_->keep.run();
  return outcome;
}

base::Result<SqliteWriteSession::Found> SqliteWriteSession::find(const ConversationKey& key) {
  const auto row = use_->find.bind(1, key.user).bind(2, key.id).step();
  Found found;
  if (row && *row) found = {use_->find.number(0), use_->find.number(1), use_->find.number(2), use_->find.number(4)};
  use_->find.reset();
  if (!row) return tl::unexpected(row.error());
  return found;
}

WriteOutcome SqliteWriteSession::apply(const Append& what) {
  const auto found = find(what.key);
  if (!found) return tl::unexpected(found.error());
  if (found->last_sequence != what.after) return tl::unexpected(not_the_last(found->last_sequence, what.after));
  std::int64_t conversation = found->conversation;
  const Revisions allowed = revisions_for(what);
  const bool is_same = found->revision >= allowed.first && found->revision <= allowed.last;
  if (conversation != 0 ? !is_same : what.must_exist) return tl::unexpected(not_the_same());
  if (conversation == 0) {
    auto inserted = insert_conversation({.key = what.key}, what.revision != 0 ? what.revision : new_revision());
    if (!inserted) return inserted;
    conversation = *inserted;
  }
  const std::int64_t sequence = what.after + 1;
  if (auto added = add_message(conversation, sequence, what.message); !added) return tl::unexpected(added.error());
  if (auto named = name_response(what, conversation, sequence); !named) return tl::unexpected(named.error());
  return sequence;
}

base::Status SqliteWriteSession::name_response(const Append& what, std::int64_t conversation, std::int64_t sequence) {
  if (what.response_id.empty()) return {};
  SqliteStatement& insert = use_->insert_response;
  return insert.bind(1, what.key.user).bind(2, what.response_id).bind(3, conversation).bind(4, sequence).run();
}

WriteOutcome SqliteWriteSession::insert_conversation(const NewConversation& what, std::int64_t revision) {
  SqliteStatement& insert = use_->insert_conversation;
  insert.bind(1, what.key.user).bind(2, what.key.id).bind(3, now()).bind(4, what.metadata);
  const auto inserted = insert.bind(5, std::int64_t{what.listed}).bind(6, revision).step();
  const std::int64_t conversation = inserted && *inserted ? insert.number(0) : 0;
  insert.reset();
  if (!inserted) return tl::unexpected(inserted.error());
  return conversation;
}

base::Status SqliteWriteSession::add_message(std::int64_t conversation, std::int64_t sequence, const Message& message) {
  SqliteStatement& insert = use_->insert_message;
  insert.bind(1, conversation).bind(2, sequence).bind(3, name_of(message.role)).bind(4, message.content);
  if (auto done = insert.bind(5, std::int64_t{message.interrupted}).bind(6, now()).run(); !done) return done;
  const std::string title = message.role == conversation::Role::user ? title_from(message.content) : std::string();
  return use_->touch.bind(1, conversation).bind(2, sequence).bind(3, now()).bind(4, title).run();
}

WriteOutcome SqliteWriteSession::add_messages(std::int64_t conversation, std::int64_t last,
                                              const std::vector<Message>& messages) {
  for (const Message& message : messages) {
    if (auto added = add_message(conversation, ++last, message); !added) return tl::unexpected(added.error());
  }
  return last;
}

WriteOutcome SqliteWriteSession::apply(const NewConversation& what) {
  const auto found = find(what.key);
  if (!found) return tl::unexpected(found.error());
  if (found->conversation != 0) return tl::unexpected(exists_already());
  auto inserted = insert_conversation(what, new_revision());
  if (!inserted) return inserted;
  return add_messages(*inserted, 0, what.messages);
}

WriteOutcome SqliteWriteSession::apply(const ForkWrite& what) {
  const auto from = find(what.from);
  if (!from) return tl::unexpected(from.error());
  if (from->conversation == 0 || from->last_sequence < what.last) return tl::unexpected(nothing_to_fork(what.last));
  const auto to = find(what.to.key);
  if (!to) return tl::unexpected(to.error());
  if (to->conversation != 0) return tl::unexpected(exists_already());
  auto inserted = insert_conversation(what.to, new_revision());
  if (!inserted) return inserted;
  for (SqliteStatement* statement : {&use_->copy_messages, &use_->copy_summary, &use_->settle_copy}) {
    auto done = statement->bind(1, *inserted).bind(2, from->conversation).bind(3, what.last).run();
    if (!done) return tl::unexpected(std::move(done).error());
  }
  return add_messages(*inserted, what.last, what.to.messages);
}

WriteOutcome SqliteWriteSession::apply(const MetadataWrite& what) {
  return as_number(row_of(use_->set_metadata.bind(1, what.key.user).bind(2, what.key.id).bind(3, what.metadata)));
}

WriteOutcome SqliteWriteSession::apply(const WriteCheck& /*what*/) {
  if (auto room = use_->connection.check_room(); !room) return base::fail(room.error());
  if (auto written = use_->connection.execute(sql::kCheckWrite); !written) return base::fail(written.error());
  return 1;
}

WriteOutcome SqliteWriteSession::apply(const KeptSummary& what) {
  const auto found = find(what.key);
  if (!found) return tl::unexpected(found.error());
  if (found->conversation == 0 || found->revision != what.revision) return 0;
  SqliteStatement& keep = use_->keep_summary;
  return as_number(row_of(keep.bind(1, found->conversation).bind(2, what.summary.up_to).bind(3, what.summary.content)));
}

WriteOutcome SqliteWriteSession::apply(const RemoveMessageWrite& what) {
  const auto found = find(what.key);
  if (!found) return tl::unexpected(found.error());
  if (found->conversation == 0) return 0;
  const auto deleted = row_of(use_->delete_message.bind(1, found->conversation).bind(2, what.sequence));
  if (!deleted || !*deleted) return as_number(deleted);
  if (auto done = use_->count_removal.bind(1, found->conversation).run(); !done) return tl::unexpected(done.error());
  auto dropped = use_->drop_summary.bind(1, found->conversation).bind(2, what.sequence).run();
  if (!dropped) return tl::unexpected(std::move(dropped).error());
  auto settled = use_->drop_unreachable.bind(1, found->conversation).run();
  if (!settled) return tl::unexpected(std::move(settled).error());
  return 1;
}

WriteOutcome SqliteWriteSession::apply(const RemoveWrite& what) {
  const auto found = find(what.key);
  if (!found) return tl::unexpected(found.error());
  if (found->conversation == 0 || found->last_used > last_use_bound(what)) return 0;
  if (auto done = use_->remove.bind(1, found->conversation).run(); !done)
    return tl::unexpected(std::move(done).error());
  return 1;
}

}  // namespace chatcore::storage
