#include "chatcore/storage/sqlite_reader.h"

#include <algorithm>
#include <optional>
#include <utility>

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

base::Result<std::vector<Message>> all_messages(SqliteStatement& statement) {
  const Reading reading(statement);
  std::vector<Message> messages;
  while (true) {
    const auto row = statement.step();
    if (!row) return tl::unexpected(row.error());
    if (!*row) return messages;
    auto message = message_of(statement);
    if (!message) return tl::unexpected(std::move(message).error());
    messages.push_back(*std::move(message));
  }
}

std::int64_t limit_of(std::size_t max_messages) {
  return max_messages == 0 ? -1 : static_cast<std::int64_t>(max_messages);
}

}  // namespace

base::Result<SqliteReader> SqliteReader::open(const std::string& path) {
  auto connection = SqliteConnection::open(path, Access::read_only);
  if (!connection) return tl::unexpected(std::move(connection).error());
  std::vector<SqliteStatement> statements;
  for (const char* text : {"BEGIN", "ROLLBACK", sql::kFindConversation, sql::kLastMessages, sql::kSystemMessage,
                           sql::kListConversations}) {
    auto statement = connection->prepare(text);
    if (!statement) return tl::unexpected(std::move(statement).error());
    statements.push_back(*std::move(statement));
  }
  return SqliteReader(*std::move(connection), std::move(statements));
}

SqliteReader::SqliteReader(SqliteConnection connection, std::vector<SqliteStatement> statements)
    : connection_(std::move(connection)),
      begin_(std::move(statements[0])),
      end_(std::move(statements[1])),
      find_(std::move(statements[2])),
      last_messages_(std::move(statements[3])),
      system_message_(std::move(statements[4])),
      list_(std::move(statements[5])) {}

base::Result<Window> SqliteReader::load_window(const ConversationKey& key, std::size_t max_messages) {
  if (auto begun = begin_.run(); !begun) return tl::unexpected(std::move(begun).error());
  auto window = read_window(key, max_messages);
  (void)end_.run();  // nothing was written, so a rollback ends it as well as a commit and is never refused
  return window;
}

base::Result<Window> SqliteReader::read_window(const ConversationKey& key, std::size_t max_messages) {
  const Reading reading(find_);
  const auto found = find_.bind(1, key.user).bind(2, key.id).step();
  if (!found) return tl::unexpected(found.error());
  if (!*found) return Window();
  const std::int64_t conversation = find_.number(0);
  Window window;
  window.last_sequence = find_.number(1);

  auto last = all_messages(last_messages_.bind(1, conversation).bind(2, limit_of(max_messages)));
  if (!last) return tl::unexpected(std::move(last).error());
  auto system = all_messages(system_message_.bind(1, conversation));
  if (!system) return tl::unexpected(std::move(system).error());

  const bool is_outside = !system->empty() && (last->empty() || system->front().sequence < last->back().sequence);
  if (is_outside) window.messages.push_back(std::move(system->front()));
  std::ranges::move(last->rbegin(), last->rend(), std::back_inserter(window.messages));
  return window;
}

base::Result<std::vector<ConversationSummary>> SqliteReader::list(const std::string& user, std::size_t limit) {
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
                     .last_used = base::WallTime(std::chrono::milliseconds(list_.number(3)))});
  }
}

}  // namespace chatcore::storage
