#include "chatcore/storage/postgres_read_session.h"

#include <algorithm>
#include <array>
#include <limits>
#include <utility>

#include "chatcore/storage/postgres_schema.h"
#include "chatcore/storage/revision.h"

namespace chatcore::storage {
namespace {

base::WallTime time_of(std::int64_t milliseconds) { return base::WallTime(std::chrono::milliseconds(milliseconds)); }

// No conversation was used before the year 1970.
std::int64_t bound_of(const std::optional<base::WallTime>& before) {
  if (!before) return std::numeric_limits<std::int64_t>::min();
  return std::chrono::duration_cast<std::chrono::milliseconds>(before->time_since_epoch()).count();
}

base::Result<Message> message_of(const PostgresRows& rows, int row) {
  const std::string role = rows.text(row, 1);
  const auto known = conversation::role_named(role);
  if (!known) return base::fail(base::Code::corrupt, "a message has the unknown role \"" + role + "\"");
  return Message{.role = *known,
                 .content = rows.text(row, 2),
                 .interrupted = rows.number(row, 3) != 0,
                 .sequence = rows.number(row, 0)};
}

// How many of these rows have their content, the first ones of kLastMessages and its like.
int count_fitting(const PostgresRows& rows) {
  int count = 0;
  while (count < rows.size() && rows.number(count, 4) != 0) ++count;
  return count;
}

// The first `count` are appended to `messages`, in their order or the last of them first.
base::Status add_messages(const PostgresRows& rows, int count, bool backwards, std::vector<Message>& messages) {
  for (int i = 0; i < count; ++i) {
    auto message = message_of(rows, backwards ? count - 1 - i : i);
    if (!message) return base::fail(message.error());
    messages.push_back(*std::move(message));
  }
  return {};
}

PostgresCall call(const PostgresStatement& statement, const ConversationKey& key) {
  PostgresCall made(statement);
  made.bind(key.user).bind(key.id);
  return made;
}

}  // namespace

base::Result<std::unique_ptr<ReadSession>> PostgresReadSession::open(const PostgresTarget& target,
                                                                     const base::Clock& clock,
                                                                     StoreCounters& counters) {
  std::unique_ptr<PostgresReadSession> session(new PostgresReadSession(target, clock, counters));
  if (auto connected = session->link_.open(); !connected) return base::fail(connected.error());
  return std::unique_ptr<ReadSession>(std::move(session));
}

PostgresReadSession::PostgresReadSession(const PostgresTarget& target, const base::Clock& clock,
                                         StoreCounters& counters)
    : link_(target, postgres::kReading, clock, counters) {}

base::Result<std::vector<PostgresRows>> PostgresReadSession::ask(std::span<const PostgresCall> calls) {
  base::Result<std::vector<PostgresRows>> rows = base::fail(base::Code::internal, "not asked");
  // A question may be asked again, so a connection that was cut is no more than a delay. One that stands still is not
  // asked twice: whoever waits for the answer has waited long enough.
  for (int attempt = 0; attempt < 2; ++attempt) {
    auto connection = link_.connection();
    if (!connection) return base::fail(connection.error());
    rows = (*connection)->run(calls);
    if (rows || !link_.drop_after(rows.error())) break;
    if (rows.error().code == base::Code::deadline_exceeded) break;
  }
  if (!rows && rows.error().code == base::Code::deadline_exceeded) {
    return base::fail(base::Code::unavailable, rows.error().message);
  }
  return rows;
}

base::Result<Window> PostgresReadSession::load_window(const ConversationKey& key, std::size_t max_messages) {
  const std::int64_t most_bytes = max_messages == 0 ? std::numeric_limits<std::int64_t>::max() : kMostBytesRead;
  PostgresCall newest = call(postgres::kLastMessages, key);
  newest.bind(static_cast<std::int64_t>(max_messages)).bind(most_bytes);
  const std::array calls{
      PostgresCall(postgres::kBeginReading), call(postgres::kFind, key),    std::move(newest),
      call(postgres::kSystemMessage, key),   call(postgres::kSummary, key), PostgresCall(postgres::kCommit)};
  const auto rows = ask(calls);
  if (!rows) return base::fail(rows.error());
  const PostgresRows& found = (*rows)[1];
  const PostgresRows& last = (*rows)[2];
  const PostgresRows& system = (*rows)[3];
  const PostgresRows& summary = (*rows)[4];
  Window window;
  if (found.empty()) return Window{.revision = new_revision()};
  window.exists = true;
  window.last_sequence = found.number(0, 0);
  window.revision = found.number(0, 1);
  const int count = count_fitting(last);
  const bool is_outside = !system.empty() && (count == 0 || system.number(0, 0) < last.number(count - 1, 0));
  if (is_outside) {
    if (auto added = add_messages(system, 1, false, window.messages); !added) return base::fail(added.error());
  }
  if (auto added = add_messages(last, count, true, window.messages); !added) return base::fail(added.error());
  if (!summary.empty()) window.summary = {.content = summary.text(0, 1), .up_to = summary.number(0, 0)};
  return window;
}

base::Result<std::vector<ConversationSummary>> PostgresReadSession::list(const std::string& user, std::size_t limit) {
  PostgresCall question(postgres::kList);
  question.bind(user).bind(static_cast<std::int64_t>(limit));
  const auto answer = ask({&question, 1});
  if (!answer) return base::fail(answer.error());
  const PostgresRows& rows = answer->front();
  std::vector<ConversationSummary> found;
  for (int i = 0; i < rows.size(); ++i) {
    found.push_back({.id = rows.text(i, 0),
                     .title = rows.text(i, 1),
                     .messages = rows.number(i, 2),
                     .last_used = time_of(rows.number(i, 3))});
  }
  return found;
}

base::Result<std::optional<Description>> PostgresReadSession::describe(const ConversationKey& key) {
  const std::array calls{call(postgres::kFind, key)};
  const auto answer = ask(calls);
  if (!answer) return base::fail(answer.error());
  const PostgresRows& rows = answer->front();
  if (rows.empty()) return std::optional<Description>();
  return std::optional(Description{.created = time_of(rows.number(0, 2)),
                                   .last_used = time_of(rows.number(0, 3)),
                                   .metadata = rows.text(0, 4),
                                   .last_sequence = rows.number(0, 0),
                                   .revision = rows.number(0, 1)});
}

base::Result<std::optional<Page>> PostgresReadSession::list_messages(const ConversationKey& key,
                                                                     const PageRequest& page) {
  const std::int64_t before = page.after == 0 ? std::numeric_limits<std::int64_t>::max() : page.after;
  // One more than was asked for says whether there are more.
  const auto wanted = static_cast<std::int64_t>(page.limit) + 1;
  PostgresCall question = call(page.newest_first ? postgres::kMessagesBefore : postgres::kMessagesAfter, key);
  question.bind(page.newest_first ? before : page.after).bind(wanted).bind(kMostBytesRead);
  const std::array calls{PostgresCall(postgres::kBeginReading), call(postgres::kFind, key), std::move(question),
                         PostgresCall(postgres::kCommit)};
  const auto rows = ask(calls);
  if (!rows) return base::fail(rows.error());
  if ((*rows)[1].empty()) return std::optional<Page>();
  const PostgresRows& found = (*rows)[2];
  const int count = std::min(count_fitting(found), static_cast<int>(page.limit));
  Page answer{.messages = {}, .has_more = found.size() > count};
  if (auto added = add_messages(found, count, false, answer.messages); !added) return base::fail(added.error());
  return std::optional(std::move(answer));
}

base::Result<std::optional<StoredResponse>> PostgresReadSession::find_response(const std::string& user,
                                                                               const std::string& response_id) {
  PostgresCall question(postgres::kFindResponse);
  question.bind(user).bind(response_id);
  const auto answer = ask({&question, 1});
  if (!answer) return base::fail(answer.error());
  const PostgresRows& rows = answer->front();
  if (rows.empty()) return std::optional<StoredResponse>();
  auto message = message_of(rows, 0);
  if (!message) return base::fail(message.error());
  return std::optional(StoredResponse{
      .conversation_id = rows.text(0, 4), .answer = *std::move(message), .created = time_of(rows.number(0, 5))});
}

base::Result<std::vector<OldConversation>> PostgresReadSession::list_old(const OldRequest& request) {
  PostgresCall question(postgres::kListOld);
  question.bind(bound_of(request.listed_before)).bind(bound_of(request.unlisted_before));
  question.bind(static_cast<std::int64_t>(request.limit));
  const auto answer = ask({&question, 1});
  if (!answer) return base::fail(answer.error());
  const PostgresRows& rows = answer->front();
  std::vector<OldConversation> found;
  for (int i = 0; i < rows.size(); ++i) {
    found.push_back({.key = {.user = rows.text(i, 0), .id = rows.text(i, 1)},
                     .last_used = time_of(rows.number(i, 2)),
                     .listed = rows.number(i, 3) != 0});
  }
  return found;
}

base::Result<base::Bytes> PostgresReadSession::used_bytes() {
  return base::fail(base::Code::not_found, "PostgreSQL does not tell how much of its files is in use");
}

}  // namespace chatcore::storage
