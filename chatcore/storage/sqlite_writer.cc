#include "chatcore/storage/sqlite_writer.h"

#include <type_traits>
#include <utility>

#include <pthread.h>

#include "base/log.h"
#include "chatcore/storage/sqlite_connection.h"
#include "chatcore/storage/sqlite_schema.h"
#include "chatcore/storage/title.h"

namespace chatcore::storage {
namespace {

std::int64_t milliseconds(base::WallTime time) {
  return std::chrono::duration_cast<std::chrono::milliseconds>(time.time_since_epoch()).count();
}

std::size_t text_bytes(const Write& write) {
  const auto* append = std::get_if<AppendWrite>(&write.what);
  return append != nullptr ? append->message.content.size() : 0;
}

bool is_append(const Write& write) { return std::holds_alternative<AppendWrite>(write.what); }

}  // namespace

// The connection and its statements, prepared once and kept.
struct SqliteWriter::Session {
  SqliteConnection connection;
  SqliteStatement begin;
  SqliteStatement commit;
  SqliteStatement mark;  // so that a write that fails half-way leaves nothing behind
  SqliteStatement keep;
  SqliteStatement undo;
  SqliteStatement find;
  SqliteStatement insert_conversation;
  SqliteStatement insert_message;
  SqliteStatement touch;
  SqliteStatement remove;

  static base::Result<std::unique_ptr<Session>> open(const std::string& path);
};

base::Result<std::unique_ptr<SqliteWriter::Session>> SqliteWriter::Session::open(const std::string& path) {
  auto connection = SqliteConnection::open(path, Access::read_write);
  if (!connection) return tl::unexpected(std::move(connection).error());
  if (auto ready = prepare_schema(*connection); !ready) return tl::unexpected(std::move(ready).error());
  std::vector<SqliteStatement> prepared;
  for (const char* text :
       {"BEGIN IMMEDIATE", "COMMIT", "SAVEPOINT one", "RELEASE one", "ROLLBACK TO one", sql::kFindConversation,
        sql::kInsertConversation, sql::kInsertMessage, sql::kTouchConversation, sql::kDeleteConversation}) {
    auto statement = connection->prepare(text);
    if (!statement) return tl::unexpected(std::move(statement).error());
    prepared.push_back(*std::move(statement));
  }
  auto next = prepared.begin();
  const auto take = [&next] { return std::move(*next++); };
  return std::unique_ptr<Session>(new Session{*std::move(connection), take(), take(), take(), take(), take(), take(),
                                              take(), take(), take(), take()});
}

base::Result<std::unique_ptr<SqliteWriter>> SqliteWriter::open(const std::string& path, WriteLimits limits,
                                                               const base::Clock& clock, StoreCounters& counters) {
  auto session = Session::open(path);
  if (!session) return tl::unexpected(std::move(session).error());
  return std::unique_ptr<SqliteWriter>(new SqliteWriter(*std::move(session), limits, clock, counters));
}

SqliteWriter::SqliteWriter(std::unique_ptr<Session> session, WriteLimits limits, const base::Clock& clock,
                           StoreCounters& counters)
    : limits_(limits), clock_(clock), counters_(counters), queue_(limits.queue_writes), session_(std::move(session)) {
  counters_.connected();
  thread_ = std::thread([this] { run(); });
}

SqliteWriter::~SqliteWriter() { close(); }

void SqliteWriter::close() {
  queue_.close();
  if (!thread_.joinable()) return;
  thread_.join();
  session_.reset();
  --counters_.connections_open;
}

void SqliteWriter::submit(Write write) {
  const std::size_t bytes = text_bytes(write);
  const bool fits = queued_bytes_.fetch_add(bytes) + bytes <= limits_.queue_bytes;
  const Push pushed = fits ? queue_.push(write) : Push::full;
  if (pushed == Push::taken) return;
  queued_bytes_ -= bytes;
  if (pushed == Push::closed) {
    write.done(base::fail(base::Code::unavailable, "the database is closed"));
  } else {
    write.done(base::fail(base::Code::exhausted, "too many writes wait for the database"));
  }
}

void SqliteWriter::run() {
  pthread_setname_np(pthread_self(), "sqlite-writer");
  while (true) {
    std::vector<Write> group = queue_.take(limits_.largest_group);
    if (group.empty()) return;
    write_group(group);
  }
}

void SqliteWriter::write_group(std::vector<Write>& group) {
  std::vector<Outcome> outcomes;
  {
    const Busy busy(counters_);
    outcomes = commit_group(group);
  }
  count(group, outcomes);
  for (std::size_t i = 0; i < group.size(); ++i) group[i].done(std::move(outcomes[i]));
}

void SqliteWriter::count(const std::vector<Write>& group, const std::vector<Outcome>& outcomes) {
  std::size_t failed = 0;
  const base::Error* first = nullptr;
  for (std::size_t i = 0; i < group.size(); ++i) {
    queued_bytes_ -= text_bytes(group[i]);
    if (outcomes[i]) {
      if (is_append(group[i])) ++counters_.appends_total;
    } else if (outcomes[i].error().code != base::Code::conflict) {  // which is the other writer's success
      if (failed++ == 0) first = &outcomes[i].error();
    }
  }
  if (failed == 0) return;
  counters_.errors_total += failed;
  base::log_error("database writes failed", {{"writes", failed}, {"error", first->message}});
}

std::vector<SqliteWriter::Outcome> SqliteWriter::commit_group(const std::vector<Write>& group) {
  std::vector<Outcome> outcomes;
  base::Status committed = session_->begin.run();
  for (auto write = group.begin(); committed && write != group.end(); ++write) {
    outcomes.push_back(apply(*write));
    // After some errors (disk full, I/O) SQLite has undone the whole group by itself.
    if (!session_->connection.in_transaction()) committed = tl::unexpected(outcomes.back().error());
  }
  if (committed) committed = session_->commit.run();
  if (committed) {
    ++counters_.commits_total;
    return outcomes;
  }
  if (session_->connection.in_transaction()) (void)session_->connection.execute("ROLLBACK");
  // In round brackets: in curly ones the size would be taken for the first outcome.
  return std::vector<Outcome>(group.size(), tl::unexpected(committed.error()));
}

SqliteWriter::Outcome SqliteWriter::apply(const Write& write) {
  if (auto marked = session_->mark.run(); !marked) return tl::unexpected(std::move(marked).error());
  Outcome outcome = std::visit(
      [this](const auto& what) {
        if constexpr (std::is_same_v<std::decay_t<decltype(what)>, AppendWrite>)
          return append(what);
        else
          return remove(what);
      },
      write.what);
  if (!session_->connection.in_transaction()) return outcome;
  if (!outcome) (void)session_->undo.run();
  (void)session_->keep.run();
  return outcome;
}

SqliteWriter::Outcome SqliteWriter::append(const AppendWrite& write) {
  Session& use = *session_;
  const auto found = use.find.bind(1, write.key.user).bind(2, write.key.id).step();
  const bool exists = found && *found;
  std::int64_t conversation = exists ? use.find.number(0) : 0;
  const std::int64_t last = exists ? use.find.number(1) : 0;
  use.find.reset();
  if (!found) return tl::unexpected(found.error());
  if (last != write.after) {
    return base::fail(base::Code::conflict, "the conversation's last message is " + std::to_string(last) + ", not " +
                                                std::to_string(write.after));
  }
  const std::int64_t now = milliseconds(clock_.wall_now());
  if (!exists) {
    const auto inserted = use.insert_conversation.bind(1, write.key.user).bind(2, write.key.id).bind(3, now).step();
    if (inserted && *inserted) conversation = use.insert_conversation.number(0);
    use.insert_conversation.reset();
    if (!inserted) return tl::unexpected(inserted.error());
  }
  const std::int64_t sequence = last + 1;
  const Message& message = write.message;
  use.insert_message.bind(1, conversation).bind(2, sequence).bind(3, name_of(message.role)).bind(4, message.content);
  use.insert_message.bind(5, std::int64_t{message.interrupted}).bind(6, now);
  if (auto done = use.insert_message.run(); !done) return tl::unexpected(std::move(done).error());

  const std::string title = message.role == conversation::Role::user ? title_from(message.content) : std::string();
  use.touch.bind(1, conversation).bind(2, sequence).bind(3, now).bind(4, title);
  if (auto done = use.touch.run(); !done) return tl::unexpected(std::move(done).error());
  return sequence;
}

SqliteWriter::Outcome SqliteWriter::remove(const RemoveWrite& write) {
  Session& use = *session_;
  const auto found = use.find.bind(1, write.key.user).bind(2, write.key.id).step();
  const std::int64_t conversation = found && *found ? use.find.number(0) : 0;
  use.find.reset();
  if (!found) return tl::unexpected(found.error());
  if (!*found) return 0;
  if (auto done = use.remove.bind(1, conversation).run(); !done) return tl::unexpected(std::move(done).error());
  return 1;
}

}  // namespace chatcore::storage
