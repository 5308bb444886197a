#include "chatcore/storage/postgres_write_session.h"

#include <algorithm>
#include <chrono>
#include <deque>
#include <functional>
#include <numeric>
#include <span>
#include <thread>
#include <utility>

#include "chatcore/storage/postgres_schema.h"
#include "chatcore/storage/revision.h"
#include "chatcore/storage/text.h"
#include "chatcore/storage/title.h"

namespace chatcore::storage {
namespace {

const ConversationKey& key_of(const WriteOperation& what) {
  static const ConversationKey kNone;
  return std::visit(
      [](const auto& one) -> const ConversationKey& {
        using One = std::decay_t<decltype(one)>;
        if constexpr (std::is_same_v<One, WriteCheck>)
          return kNone;
        else if constexpr (std::is_same_v<One, ForkWrite>)
          return one.to.key;
        else
          return one.key;
      },
      what);
}

// Conversations in one order for every instance, so that no two transactions wait for each other's; the writes of one
// conversation in theirs.
std::vector<std::size_t> locking_order(const std::vector<Write>& group) {
  std::vector<std::size_t> order(group.size());
  std::iota(order.begin(), order.end(), std::size_t{0});
  std::ranges::stable_sort(order, {}, [&](std::size_t i) -> const ConversationKey& { return key_of(group[i].what); });
  return order;
}

// How often a transaction that the server has ended for the sake of another is run again. Locks are taken in one order
// here, so it is others' doing and rare; who loses so often waits behind somebody who does not let go.
constexpr int kMostRepeats = 3;
// For the other one to take the locks that were let go of: who asks again at once may be given them first, and both are
// where they were.
constexpr std::chrono::milliseconds kPause{50};

// An error of what one write asks for, which the others of its group need not suffer.
bool is_of_one_write(base::Code code) {
  return code != base::Code::unavailable && code != base::Code::permission_denied;
}

}  // namespace

// The calls of a group and, for each write, how many of them are its own and what their rows mean.
struct PostgresWriteSession::Batch {
  using Rows = std::span<const PostgresRows>;
  struct Meaning {
    std::size_t first = 0;
    std::function<WriteOutcome(Rows)> read;
  };
  std::vector<PostgresCall> calls;
  std::vector<Meaning> meanings;
  std::deque<std::string> texts;  // what calls borrow besides the writes' own

  PostgresCall& call(const PostgresStatement& statement) { return calls.emplace_back(statement); }
  std::string_view keep(std::string text) { return texts.emplace_back(std::move(text)); }
  std::string_view storable(std::string_view text) { return storable_text(text, texts.emplace_back()); }
  void means(std::size_t first, std::function<WriteOutcome(Rows)> read) {
    meanings.push_back({first, std::move(read)});
  }
};

base::Result<std::unique_ptr<WriteSession>> PostgresWriteSession::open(const PostgresTarget& target, bool may_migrate,
                                                                       const base::Clock& clock,
                                                                       StoreCounters& counters) {
  {
    // The statements cannot be prepared before their tables are there.
    auto first = PostgresConnection::open(target.url, target.times);
    if (!first) return base::fail(first.error());
    if (auto ready = prepare_postgres_schema(*first, may_migrate); !ready) return base::fail(ready.error());
  }
  std::unique_ptr<PostgresWriteSession> session(new PostgresWriteSession(target, clock, counters));
  if (auto connected = session->link_.open(); !connected) return base::fail(connected.error());
  return std::unique_ptr<WriteSession>(std::move(session));
}

PostgresWriteSession::PostgresWriteSession(const PostgresTarget& target, const base::Clock& clock,
                                           StoreCounters& counters)
    : link_(target, postgres::kWriting, clock, counters), clock_(clock), counters_(counters) {}

std::int64_t PostgresWriteSession::now() const {
  return std::chrono::duration_cast<std::chrono::milliseconds>(clock_.wall_now().time_since_epoch()).count();
}

std::vector<WriteOutcome> PostgresWriteSession::commit(const std::vector<Write>& group) {
  std::vector<WriteOutcome> outcomes(group.size(), WriteOutcome(0));
  const Indices order = locking_order(group);
  auto together = commit_together(group, order, outcomes);
  for (const std::size_t i : order) {
    if (together) break;
    // The server has ended the whole transaction for the sake of one write: each gets one of its own.
    auto alone = together;
    if (group.size() > 1 && is_of_one_write(together.error().code)) alone = commit_together(group, {i}, outcomes);
    if (!alone) outcomes[i] = base::fail(alone.error());
  }
  return outcomes;
}

base::Result<std::vector<PostgresRows>> PostgresWriteSession::run_to_the_end(PostgresConnection& connection,
                                                                             std::span<const PostgresCall> calls) {
  auto rows = connection.run(calls);
  for (int repeats = 0; repeats < kMostRepeats; ++repeats) {
    if (rows || !connection.has_lost_race() || !connection.is_open()) break;
    std::this_thread::sleep_for(kPause);
    ++counters_.retries_total;
    rows = connection.run(calls);
  }
  return rows;
}

base::Status PostgresWriteSession::commit_together(const std::vector<Write>& group, const Indices& order,
                                                   std::vector<WriteOutcome>& outcomes) {
  auto connection = link_.connection();
  if (!connection) return base::fail(connection.error());
  Batch batch;
  batch.call(postgres::kBegin);
  for (const std::size_t i : order) std::visit([&](const auto& what) { add(batch, what); }, group[i].what);
  batch.call(postgres::kCommit);
  const auto rows = run_to_the_end(**connection, batch.calls);
  if (!rows) {
    if (link_.drop_after(rows.error())) return base::fail(base::Code::unavailable, rows.error().message);
    return base::fail(rows.error());
  }
  ++counters_.commits_total;
  for (std::size_t i = 0; i < order.size(); ++i) {
    const Batch::Meaning& meaning = batch.meanings[i];
    outcomes[order[i]] = meaning.read(Batch::Rows(*rows).subspan(meaning.first));
  }
  return {};
}

void PostgresWriteSession::add_message(Batch& batch, const Following& what) {
  const std::string_view content = batch.storable(what.message.content);
  const bool is_question = what.message.role == conversation::Role::user;
  batch.call(postgres::kAppend)
      .bind(what.key.user)
      .bind(what.key.id)
      .bind(what.after)
      .bind(what.revisions.first)
      .bind(name_of(what.message.role))
      .bind(content)
      .bind(std::int64_t{what.message.interrupted})
      .bind(now())
      .bind(is_question ? batch.keep(title_from(content)) : std::string_view())
      .bind(what.response_id)
      .bind(what.revisions.last);
}

void PostgresWriteSession::add(Batch& batch, const Append& what) {
  if (what.after == 0 && !what.must_exist) {
    batch.call(postgres::kCreate)
        .bind(what.key.user)
        .bind(what.key.id)
        .bind(now())
        .bind(std::string_view("{}"))
        .bind(std::int64_t{1})
        .bind(what.revision != 0 ? what.revision : new_revision())
        .bind(what.response_id);
  }
  const std::size_t first = batch.calls.size();
  add_message(batch, {what.key, what.message, what.after, revisions_for(what), what.response_id});
  batch.means(first, [after = what.after](Batch::Rows rows) -> WriteOutcome {
    if (!rows[0].empty()) return rows[0].number(0, 0);
    return base::fail(base::Code::conflict, "the conversation does not go on after message " + std::to_string(after));
  });
}

// Each message follows the one before in a conversation of just this revision: nothing is appended to one that was
// there already.
void PostgresWriteSession::add_messages(Batch& batch, const NewConversation& what, std::int64_t last,
                                        std::int64_t revision) {
  for (const Message& message : what.messages) {
    add_message(batch, {what.key, message, last++, {revision, revision}, {}});
  }
}

void PostgresWriteSession::add(Batch& batch, const NewConversation& what) {
  const std::int64_t revision = new_revision();
  const std::size_t first = batch.calls.size();
  batch.call(postgres::kCreate)
      .bind(what.key.user)
      .bind(what.key.id)
      .bind(now())
      .bind(batch.storable(what.metadata))
      .bind(std::int64_t{what.listed})
      .bind(revision)
      .bind(std::string_view());
  add_messages(batch, what, 0, revision);
  batch.means(first, [last = static_cast<std::int64_t>(what.messages.size())](Batch::Rows rows) -> WriteOutcome {
    if (rows[0].empty()) return base::fail(exists_already());
    return last;
  });
}

void PostgresWriteSession::add(Batch& batch, const ForkWrite& what) {
  const std::int64_t revision = new_revision();
  const std::size_t first = batch.calls.size();
  batch.call(postgres::kFork)
      .bind(what.to.key.user)
      .bind(what.to.key.id)
      .bind(now())
      .bind(batch.storable(what.to.metadata))
      .bind(std::int64_t{what.to.listed})
      .bind(revision)
      .bind(what.from.id)
      .bind(what.last);
  add_messages(batch, what.to, what.last, revision);
  const auto added = static_cast<std::int64_t>(what.to.messages.size());
  batch.means(first, [last = what.last, added](Batch::Rows rows) -> WriteOutcome {
    if (rows[0].number(0, 0) == 0) return base::fail(nothing_to_fork(last));
    if (rows[0].number(0, 1) == 0) return base::fail(exists_already());
    return last + added;
  });
}

void PostgresWriteSession::add(Batch& batch, const MetadataWrite& what) {
  const std::size_t first = batch.calls.size();
  batch.call(postgres::kSetMetadata).bind(what.key.user).bind(what.key.id).bind(batch.storable(what.metadata));
  batch.means(first, [](Batch::Rows rows) -> WriteOutcome { return rows[0].size(); });
}

void PostgresWriteSession::add(Batch& batch, const KeptSummary& what) {
  const std::size_t first = batch.calls.size();
  batch.call(postgres::kKeepSummary)
      .bind(what.key.user)
      .bind(what.key.id)
      .bind(what.revision)
      .bind(what.summary.up_to)
      .bind(batch.storable(what.summary.content));
  batch.means(first, [](Batch::Rows rows) -> WriteOutcome { return rows[0].size(); });
}

void PostgresWriteSession::add(Batch& batch, const RemoveMessageWrite& what) {
  const std::size_t first = batch.calls.size();
  batch.call(postgres::kDeleteMessage).bind(what.key.user).bind(what.key.id).bind(what.sequence);
  batch.call(postgres::kDropUnreachable).bind(what.key.user).bind(what.key.id);
  batch.means(first, [](Batch::Rows rows) -> WriteOutcome { return rows[0].size(); });
}

void PostgresWriteSession::add(Batch& batch, const RemoveWrite& what) {
  const std::size_t first = batch.calls.size();
  batch.call(postgres::kDeleteConversation).bind(what.key.user).bind(what.key.id).bind(last_use_bound(what));
  batch.means(first, [](Batch::Rows rows) -> WriteOutcome { return rows[0].size(); });
}

void PostgresWriteSession::add(Batch& batch, const WriteCheck& /*what*/) {
  const std::size_t first = batch.calls.size();
  batch.call(postgres::kCheckWrite);
  batch.means(first, [](Batch::Rows /*rows*/) -> WriteOutcome { return 1; });
}

}  // namespace chatcore::storage
