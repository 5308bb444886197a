#include "chatcore/storage/sqlite_read_session.h"

#include <algorithm>
#include <array>
#include <chrono>
#include <limits>
#include <utility>

#include "chatcore/storage/revision.h"
#include "chatcore/storage/sqlite_schema.h"

namespace chatcore::storage {
namespace {

// Ends a statement's reading on every way out; a statement left open would hold an old state of the database and
// keep the log from being cut.
class Reading {
 public:
  explicit Reading(SqliteStatement& statement) : statement_(statement) {}
  ~Reading() { statement_.reset(); }
  Reading(const Reading&) = delete;
  Reading& operator=(const Reading&) = delete;

 private:
  SqliteStatement& statement_;
};

base::Result<Message> message_of(const SqliteStatement& row) {
  const std::string role = row.text(1);
  const auto known = conversation::role_named(role);
  if (!known) return base::fail(base::Code::corrupt, "a message has the unknown role \"" + role + "\"");
  return Message{.role = *known, .content = row.text(2), .interrupted = row.number(3) != 0, .sequence = row.number(0)};
}

// Rows up to the one that brings them to so many bytes.
struct MessagesRead {
  std::vector<Message> messages;
  bool has_more = false;
};

base::Result<MessagesRead> read_messages(SqliteStatement& statement, std::int64_t most_bytes) {
  const Reading reading(statement);
  MessagesRead read;
  std::int64_t bytes = 0;
  while (true) {
    const auto row = statement.step();
    if (!row) return tl::unexpected(row.error());
    read.has_more = *row && bytes >= most_bytes;
    if (!*row || read.has_more) return read;
    auto message = message_of(statement);
    if (!message) return tl::unexpected(std::move(message).error());
    bytes += static_cast<std::int64_t>(message->content.size());
    read.messages.push_back(*std::move(message));
  }
}

base::WallTime time_of(std::int64_t milliseconds) { return base::WallTime(std::chrono::milliseconds(milliseconds)); }

// No conversation was used before the year 1970.
std::int64_t bound_of(const std::optional<base::WallTime>& before) {
  if (!before) return std::numeric_limits<std::int64_t>::min();
  return std::chrono::duration_cast<std::chrono::milliseconds>(before->time_since_epoch()).count();
}

std::int64_t limit_of(std::size_t max_messages) {
  return max_messages == 0 ? -1 : static_cast<std::int64_t>(max_messages);
}

}  // namespace

struct SqliteReadSession::Found {
  std::int64_t conversation = 0;
  Description description;
};

base::Result<std::unique_ptr<ReadSession>> SqliteReadSession::open(const std::string& path, StoreCounters& counters) {
  auto connection = SqliteConnection::open(path, Access::read_only);
  if (!connection) return tl::unexpected(std::move(connection).error());
  std::vector<SqliteStatement> statements;
  for (const char* text :
       {"BEGIN", "ROLLBACK", sql::kFindConversation, sql::kLastMessages, sql::kSystemMessage, sql::kMessagesAfter,
        sql::kMessagesBefore, sql::kListConversations, sql::kFindResponse, sql::kSummary, sql::kListOld}) {
    auto statement = connection->prepare(text);
    if (!statement) return tl::unexpected(std::move(statement).error());
    statements.push_back(*std::move(statement));
  }
  return std::unique_ptr<ReadSession>(new SqliteReadSession(*std::move(connection), std::move(statements), counters));
}

SqliteReadSession::SqliteReadSession(SqliteConnection connection, std::vector<SqliteStatement> statements,
                                     StoreCounters& counters)
    : counters_(counters),
      connection_(std::move(connection)),
      begin_(std::move(statements[0])),
      end_(std::move(statements[1])),
      find_(std::move(statements[2])),
      last_messages_(std::move(statements[3])),
      system_message_(std::move(statements[4])),
      messages_after_(std::move(statements[5])),
      messages_before_(std::move(statements[6])),
      list_(std::move(statements[7])),
      find_response_(std::move(statements[8])),
      summary_(std::move(statements[9])),
      list_old_(std::move(statements[10])) {
  counters_.connected();
}

SqliteReadSession::~SqliteReadSession() { --counters_.connections_open; }

// Several statements see one state of the database within a transaction.
template <class Question>
auto SqliteReadSession::in_one_state(Question question) -> decltype(question()) {
  if (auto begun = begin_.run(); !begun) return tl::unexpected(std::move(begun).error());
  auto answer = question();
  (void)end_.run();  // nothing was written, so a rollback ends it as well as a commit and is never refused
  return answer;
}

base::Result<Window> SqliteReadSession::load_window(const ConversationKey& key, std::size_t max_messages) {
  return in_one_state([&] { return read_window(key, max_messages); });
}

// What every turn and /-/ready ask first.
base::Result<std::optional<SqliteReadSession::Found>> SqliteReadSession::find(const ConversationKey& key) {
  if (auto there = connection_.check_file(); !there) return tl::unexpected(std::move(there).error());
  const Reading reading(find_);
  const auto found = find_.bind(1, key.user).bind(2, key.id).step();
  if (!found) return tl::unexpected(found.error());
  if (!*found) return std::optional<Found>();
  return std::optional(Found{.conversation = find_.number(0),
                             .description = {.created = time_of(find_.number(3)),
                                             .last_used = time_of(find_.number(4)),
                                             .metadata = find_.text(5),
                                             .last_sequence = find_.number(1),
                                             .revision = find_.number(2)}});
}

base::Result<Window> SqliteReadSession::read_window(const ConversationKey& key, std::size_t max_messages) {
  const auto found = find(key);
  if (!found) return tl::unexpected(found.error());
  if (!*found) return Window{.revision = new_revision()};
  const std::int64_t conversation = (*found)->conversation;
  Window window;
  window.last_sequence = (*found)->description.last_sequence;
  window.exists = true;
  window.revision = (*found)->description.revision;

  const std::int64_t most_bytes = max_messages == 0 ? std::numeric_limits<std::int64_t>::max() : kMostBytesRead;
  auto newest = read_messages(last_messages_.bind(1, conversation).bind(2, limit_of(max_messages)), most_bytes);
  if (!newest) return tl::unexpected(std::move(newest).error());
  auto system = read_messages(system_message_.bind(1, conversation), most_bytes);
  if (!system) return tl::unexpected(std::move(system).error());

  auto& last = newest->messages;
  auto& first = system->messages;
  const bool is_outside = !first.empty() && (last.empty() || first.front().sequence < last.back().sequence);
  if (is_outside) window.messages.push_back(std::move(first.front()));
  std::ranges::move(last.rbegin(), last.rend(), std::back_inserter(window.messages));
  auto summary = read_summary(conversation);
  if (!summary) return tl::unexpected(std::move(summary).error());
  window.summary = *std::move(summary);
  return window;
}

base::Result<Summary> SqliteReadSession::read_summary(std::int64_t conversation) {
  const Reading reading(summary_);
  const auto found = summary_.bind(1, conversation).step();
  if (!found) return tl::unexpected(found.error());
  return *found ? Summary{.content = summary_.text(1), .up_to = summary_.number(0)} : Summary();
}

base::Result<std::vector<ConversationSummary>> SqliteReadSession::list(const std::string& user, std::size_t limit) {
  const Reading reading(list_);
  list_.bind(1, user).bind(2, static_cast<std::int64_t>(limit));
  std::vector<ConversationSummary> found;
  while (true) {
    const auto row = list_.step();
    if (!row) return tl::unexpected(row.error());
    if (!*row) return found;
    found.push_back({.id = list_.text(0),
                     .title = list_.text(1),
                     .messages = list_.number(2),
                     .last_used = time_of(list_.number(3))});
  }
}

base::Result<std::optional<Description>> SqliteReadSession::describe(const ConversationKey& key) {
  auto found = find(key);
  if (!found) return tl::unexpected(std::move(found).error());
  if (!*found) return std::optional<Description>();
  return std::optional(std::move((*found)->description));
}

base::Result<std::optional<Page>> SqliteReadSession::list_messages(const ConversationKey& key,
                                                                   const PageRequest& page) {
  return in_one_state([&] { return read_page(key, page); });
}

base::Result<std::optional<Page>> SqliteReadSession::read_page(const ConversationKey& key, const PageRequest& page) {
  const auto found = find(key);
  if (!found) return tl::unexpected(found.error());
  if (!*found) return std::optional<Page>();
  // One more than was asked for says whether there are more.
  const auto wanted = static_cast<std::int64_t>(page.limit) + 1;
  const std::int64_t before = page.after == 0 ? std::numeric_limits<std::int64_t>::max() : page.after;
  SqliteStatement& statement = page.newest_first ? messages_before_ : messages_after_;
  statement.bind(1, (*found)->conversation).bind(2, page.newest_first ? before : page.after).bind(3, wanted);
  auto read = read_messages(statement, kMostBytesRead);
  if (!read) return tl::unexpected(std::move(read).error());
  Page answer{.messages = std::move(read->messages), .has_more = read->has_more};
  if (answer.messages.size() > page.limit) {
    answer.has_more = true;
    answer.messages.resize(page.limit);
  }
  return std::optional(std::move(answer));
}

base::Result<std::optional<StoredResponse>> SqliteReadSession::find_response(const std::string& user,
                                                                             const std::string& response_id) {
  const Reading reading(find_response_);
  const auto found = find_response_.bind(1, user).bind(2, response_id).step();
  if (!found) return tl::unexpected(found.error());
  if (!*found) return std::optional<StoredResponse>();
  auto answer = message_of(find_response_);
  if (!answer) return tl::unexpected(std::move(answer).error());
  return std::optional(StoredResponse{.conversation_id = find_response_.text(4),
                                      .answer = *std::move(answer),
                                      .created = time_of(find_response_.number(5))});
}

base::Result<std::vector<OldConversation>> SqliteReadSession::list_old(const OldRequest& request) {
  if (auto there = connection_.check_file(); !there) return tl::unexpected(std::move(there).error());
  const Reading reading(list_old_);
  list_old_.bind(1, bound_of(request.listed_before)).bind(2, bound_of(request.unlisted_before));
  list_old_.bind(3, static_cast<std::int64_t>(request.limit));
  std::vector<OldConversation> found;
  while (true) {
    const auto row = list_old_.step();
    if (!row) return tl::unexpected(row.error());
    if (!*row) return found;
    found.push_back({.key = {.user = list_old_.text(0), .id = list_old_.text(1)},
                     .last_used = time_of(list_old_.number(2)),
                     .listed = list_old_.number(3) != 0});
  }
}

base::Result<base::Bytes> SqliteReadSession::used_bytes() {
  base::Bytes used;
  std::array<std::int64_t, 3> numbers{};
  constexpr std::array kQuestions{"PRAGMA page_count", "PRAGMA freelist_count", "PRAGMA page_size"};
  for (std::size_t i = 0; i < kQuestions.size(); ++i) {
    const auto number = connection_.query_number(kQuestions.at(i));
    if (!number) return tl::unexpected(number.error());
    numbers.at(i) = *number;
  }
  used.count = (numbers[0] - numbers[1]) * numbers[2];
  return used;
}

}  // namespace chatcore::storage
