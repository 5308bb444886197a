// What a store makes of what it is told to open.

#include <filesystem>
#include <fstream>
#include <string>

#include <unistd.h>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "base/clock.h"
#include "chatcore/storage/sqlite_connection.h"
#include "chatcore/storage/sqlite_schema.h"
#include "chatcore/storage/store.h"
#include "tests/chatcore/storage/asking.h"

namespace chatcore::storage {
namespace {

using testing::HasSubstr;

struct OpenStoreTest : testing::Test {
  // The error of opening `url`; fails when it opens.
  base::Error error_of(const std::string& url) {
    auto opened = open_store(url, clock);
    EXPECT_FALSE(opened) << url;
    return opened ? base::Error() : opened.error();
  }
  // Runs `sql` on the file "chatcore.db" as another program would.
  void change(const char* sql) {
    auto connection = SqliteConnection::open(folder.at("chatcore.db"), Access::read_write);
    ASSERT_TRUE(connection);
    const auto done = connection->execute(sql);
    ASSERT_TRUE(done) << done.error().message;
  }
  const base::TemporaryFolder folder;
  const base::ManualClock clock{};
};

TEST_F(OpenStoreTest, RefusesAUrlWithoutASchemeOrAFile) {
  for (const char* url : {"", "chatcore.db", "mysql://host/db", "sqlite://", "sqlite:///tmp/"}) {
    EXPECT_EQ(error_of(url).code, base::Code::invalid_argument) << url;
  }
}

TEST_F(OpenStoreTest, SaysWhyTheFileCannotBeOpened) {
  std::filesystem::create_directory(folder.at("a-folder"));
  const auto of_folder = error_of(sqlite_url(folder, "a-folder"));
  EXPECT_THAT(of_folder.message, HasSubstr("a-folder: sqlite: unable to open database file (code 14)"));
  EXPECT_THAT(of_folder.message, HasSubstr("it is a folder; name a file in it"));
  const auto missing = SqliteConnection::open(folder.at("none/chatcore.db"), Access::read_write);
  ASSERT_FALSE(missing);
  EXPECT_THAT(missing.error().message, HasSubstr("there is no folder"));
  std::ofstream(folder.at("a-file")) << "x";
  EXPECT_THAT(error_of(sqlite_url(folder, "a-file/chatcore.db")).message,
              HasSubstr("choose another place (database.url)"));
}

TEST_F(OpenStoreTest, CreatesTheFolder) {
  EXPECT_TRUE(open_store(sqlite_url(folder, "a/b/chatcore.db"), clock));
  EXPECT_TRUE(std::filesystem::exists(folder.at("a/b/chatcore.db")));
}

TEST_F(OpenStoreTest, KeepsConversationsFromOtherUsersOfTheMachine) {
  const auto store = open_store(sqlite_url(folder, "chatcore.db"), clock);
  ASSERT_TRUE(store);
  append_all(**store, {"", "a"}, "u");
  using std::filesystem::perms;
  for (const char* name : {"chatcore.db", "chatcore.db-wal"}) {
    EXPECT_EQ(std::filesystem::status(folder.at(name)).permissions(), perms::owner_read | perms::owner_write) << name;
  }
}

TEST_F(OpenStoreTest, LeavesAFileThatIsNoDatabaseAsItIs) {
  const std::string text(5000, 'x');
  std::ofstream(folder.at("chatcore.db")) << text;
  EXPECT_EQ(error_of(sqlite_url(folder, "chatcore.db")).code, base::Code::corrupt);
  EXPECT_EQ(std::filesystem::file_size(folder.at("chatcore.db")), text.size());
}

TEST_F(OpenStoreTest, SaysWhatToDoAboutANewerDatabase) {
  { ASSERT_TRUE(open_store(sqlite_url(folder, "chatcore.db"), clock)); }
  change("PRAGMA user_version=99");
  const base::Error error = error_of(sqlite_url(folder, "chatcore.db"));
  EXPECT_EQ(error.code, base::Code::corrupt);
  EXPECT_THAT(error.message, HasSubstr("schema version 99"));
  EXPECT_THAT(error.message, HasSubstr("install the chatcore that wrote it"));
  EXPECT_THAT(error.message, HasSubstr(folder.at("chatcore.db")));
}

TEST_F(OpenStoreTest, BringsAnOlderDatabaseUpToDate) {
  change(R"sql(
CREATE TABLE conversations (id INTEGER PRIMARY KEY, user TEXT NOT NULL, external_id TEXT NOT NULL,
  created_at INTEGER NOT NULL, last_used_at INTEGER NOT NULL, last_sequence INTEGER NOT NULL DEFAULT 0,
  title TEXT NOT NULL DEFAULT '', UNIQUE (user, external_id));
CREATE INDEX conversations_by_last_use ON conversations (user, last_used_at, id);
CREATE TABLE messages (conversation_id INTEGER NOT NULL REFERENCES conversations (id) ON DELETE CASCADE,
  sequence INTEGER NOT NULL, role TEXT NOT NULL, content TEXT NOT NULL, interrupted INTEGER NOT NULL DEFAULT 0,
  created_at INTEGER NOT NULL, PRIMARY KEY (conversation_id, sequence)) WITHOUT ROWID;
CREATE INDEX messages_system ON messages (conversation_id, sequence) WHERE role = 'system';
INSERT INTO conversations VALUES (7, 'user', 'old', 1000, 2000, 1, 'title');
INSERT INTO messages VALUES (7, 1, 'user', 'kept', 0, 1000);
PRAGMA application_id=0x63686174; PRAGMA user_version=1;
)sql");
  const auto store = open_store(sqlite_url(folder, "chatcore.db"), clock);
  ASSERT_TRUE(store) << store.error().message;
  const auto window = load_window(**store, {"user", "old"}, 0);
  ASSERT_TRUE(window);
  EXPECT_EQ(contents(*window), "kept");
  EXPECT_NE(window->revision, 0);
  EXPECT_EQ(window->summary.content, "");
  EXPECT_EQ((*describe(**store, {"user", "old"}))->metadata, "{}");
  EXPECT_EQ(list(**store, "user", 10)->at(0).messages, 1);
  EXPECT_EQ(append(**store, {"user", "old"}, {.content = "new"}, 1), 2);
}

TEST_F(OpenStoreTest, LeavesAnotherProgramsDatabaseAlone) {
  change("CREATE TABLE theirs (x)");
  const base::Error error = error_of(sqlite_url(folder, "chatcore.db"));
  EXPECT_EQ(error.code, base::Code::corrupt);
  EXPECT_THAT(error.message, HasSubstr("another program"));
}

TEST_F(OpenStoreTest, SaysWhenTheFolderCannotBeMade) {
  std::ofstream(folder.at("file")) << "in the way";
  const base::Code code = error_of(sqlite_url(folder, "file/chatcore.db")).code;
  EXPECT_EQ(code, base::Code::unavailable);
}

// Root may write everywhere, so it steps down to nobody while this lives.
class AsNobody {
 public:
  AsNobody() : steps_down_(geteuid() == 0) {
    if (steps_down_ && seteuid(65534) != 0) ADD_FAILURE() << "root cannot step down";
  }
  ~AsNobody() {
    if (steps_down_ && seteuid(0) != 0) ADD_FAILURE() << "cannot be root again";
  }
  AsNobody(const AsNobody&) = delete;
  AsNobody& operator=(const AsNobody&) = delete;

 private:
  const bool steps_down_;
};

TEST_F(OpenStoreTest, SaysWhenItMayNotWriteThere) {
  std::filesystem::create_directory(folder.at("locked"));
  std::filesystem::permissions(folder.at("locked"), std::filesystem::perms::owner_read);
  const AsNobody nobody;
  EXPECT_EQ(error_of(sqlite_url(folder, "locked/chatcore.db")).code, base::Code::permission_denied);
}

TEST_F(OpenStoreTest, LeavesNothingBehindOfAStoreInMemory) {
  std::filesystem::path where;
  {
    ASSERT_EQ(setenv("TMPDIR", folder.at("").c_str(), 1), 0);
    const auto store = open_store(":memory:", clock);
    unsetenv("TMPDIR");
    ASSERT_TRUE(store);
    EXPECT_FALSE(std::filesystem::is_empty(folder.at("")));
  }
  EXPECT_TRUE(std::filesystem::is_empty(folder.at("")));
}

TEST_F(OpenStoreTest, SyncsEveryCommit) {
  { ASSERT_TRUE(open_store(sqlite_url(folder, "chatcore.db"), clock)); }
  auto connection = SqliteConnection::open(folder.at("chatcore.db"), Access::read_write);
  ASSERT_TRUE(connection);
  constexpr std::int64_t kFull = 2;
  EXPECT_EQ(connection->query_number("PRAGMA synchronous"), kFull);
  EXPECT_EQ(connection->query_number("PRAGMA foreign_keys"), 1);
  EXPECT_EQ(connection->query_number("SELECT journal_mode = 'wal' FROM pragma_journal_mode"), 1);
}

TEST_F(OpenStoreTest, ReadersCannotWrite) {
  { ASSERT_TRUE(open_store(sqlite_url(folder, "chatcore.db"), clock)); }
  auto connection = SqliteConnection::open(folder.at("chatcore.db"), Access::read_only);
  ASSERT_TRUE(connection);
  EXPECT_FALSE(connection->execute("DELETE FROM messages"));
}

// How SQLite would answer a question: its plan, a line a step.
std::string plan_of(SqliteConnection& connection, const std::string& question) {
  auto statement = connection.prepare("EXPLAIN QUERY PLAN " + question);
  if (!statement) return statement.error().message;
  std::string plan;
  for (auto row = statement->step(); row && *row; row = statement->step()) plan += statement->text(3) + "\n";
  return plan;
}

TEST_F(OpenStoreTest, AnswersEveryQuestionFromAnIndexWithoutSorting) {
  { ASSERT_TRUE(open_store(sqlite_url(folder, "chatcore.db"), clock)); }
  auto connection = SqliteConnection::open(folder.at("chatcore.db"), Access::read_only);
  ASSERT_TRUE(connection);
  for (const char* question : {sql::kFindConversation, sql::kLastMessages, sql::kSystemMessage, sql::kListConversations,
                               sql::kMessagesAfter, sql::kMessagesBefore, sql::kFindResponse, sql::kSummary}) {
    const std::string plan = plan_of(*connection, question);
    EXPECT_THAT(plan, HasSubstr("SEARCH")) << question;
    EXPECT_THAT(plan, testing::Not(HasSubstr("SCAN"))) << question;
    EXPECT_THAT(plan, testing::Not(HasSubstr("TEMP B-TREE"))) << question;
  }
  EXPECT_THAT(plan_of(*connection, sql::kLastMessages), HasSubstr("PRIMARY KEY (conversation_id=?)"));
  EXPECT_THAT(plan_of(*connection, sql::kSystemMessage), HasSubstr("INDEX messages_system (conversation_id=?)"));
  EXPECT_THAT(plan_of(*connection, sql::kListConversations), HasSubstr("conversations_by_last_use (user=?)"));
}

}  // namespace
}  // namespace chatcore::storage
