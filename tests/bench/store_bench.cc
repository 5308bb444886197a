// Durable appends through the store against bare SQLite in the same mode: the same tables and columns, write-ahead log,
// a full sync with every commit, the same number of messages in a commit. The store also compares the sequence, keeps
// writes apart by savepoints, and crosses two threads; bare SQLite runs prepared statements in a loop on one thread.
//
//   store_bench [FOLDER]      rounds of both in turn, medians, the ratio; then PostgreSQL when
//                             CHATCORE_TEST_POSTGRES_URL names a database (its tables are dropped)

#include <algorithm>
#include <atomic>
#include <chrono>
#include <condition_variable>
#include <cstdio>
#include <cstdlib>
#include <filesystem>
#include <functional>
#include <memory>
#include <mutex>
#include <string>
#include <vector>

#include <sqlite3.h>
#include <stdlib.h>

#include "base/clock.h"
#include "chatcore/storage/postgres_store.h"
#include "chatcore/storage/sqlite_store.h"

namespace {

using namespace chatcore;
using Clock = std::chrono::steady_clock;

constexpr int kRounds = 7;
constexpr double kSeconds = 1.0;  // of one measurement
const std::string kText(400, 'x');

double seconds_since(Clock::time_point begin) { return std::chrono::duration<double>(Clock::now() - begin).count(); }

double median(std::vector<double> values) {
  std::ranges::sort(values);
  return values[values.size() / 2];
}

// Each of `writers` appends to its own conversation, the next message when the last is durable. Messages a second.
double run_store(storage::Store& store, int writers, const std::string& prefix) {
  std::mutex mutex;
  std::condition_variable ended;
  int running = writers;
  std::atomic<std::int64_t> appended{0};
  const auto begin = Clock::now();
  std::function<void(int, std::int64_t)> write = [&](int writer, std::int64_t after) {
    store.append({.key = {"user", prefix + std::to_string(writer)}, .message = {.content = kText}, .after = after},
                 [&, writer](const base::Result<std::int64_t>& sequence) {
                   if (!sequence) std::fprintf(stderr, "%s\n", sequence.error().message.c_str());
                   if (sequence) ++appended;
                   if (sequence && seconds_since(begin) < kSeconds) return write(writer, *sequence);
                   const std::lock_guard lock(mutex);
                   if (--running == 0) ended.notify_all();
                 });
  };
  for (int writer = 0; writer < writers; ++writer) write(writer, 0);
  std::unique_lock lock(mutex);
  ended.wait(lock, [&] { return running == 0; });
  return static_cast<double>(appended) / seconds_since(begin);
}

// What a chat store cannot do without: the message, and its conversation's last sequence.
class BareSqlite {
 public:
  explicit BareSqlite(const std::string& path) {
    sqlite3_open(path.c_str(), &database_);
    execute(
        "PRAGMA journal_mode=WAL; PRAGMA synchronous=FULL; PRAGMA foreign_keys=ON; PRAGMA cache_size=-2048;"
        "PRAGMA journal_size_limit=16777216;");
    insert_ = prepare(
        "INSERT INTO messages (conversation_id, sequence, role, content, interrupted, created_at) "
        "VALUES (?1, ?2, 'user', ?3, 0, ?4)");
    touch_ = prepare("UPDATE conversations SET last_sequence = ?2, last_used_at = ?3 WHERE id = ?1");
    create_ = prepare(
        "INSERT INTO conversations (user, external_id, created_at, last_used_at, revision) "
        "VALUES ('user', ?1, 0, 0, 1)");
  }
  ~BareSqlite() {
    for (sqlite3_stmt* statement : {insert_, touch_, create_}) sqlite3_finalize(statement);
    sqlite3_close(database_);
  }
  BareSqlite(const BareSqlite&) = delete;
  BareSqlite& operator=(const BareSqlite&) = delete;

  double run(int group, const std::string& prefix) {
    std::vector<std::int64_t> conversations;
    execute("BEGIN IMMEDIATE");
    for (int i = 0; i < group; ++i) {
      const std::string name = prefix + std::to_string(i);
      sqlite3_bind_text(create_, 1, name.c_str(), -1, SQLITE_TRANSIENT);
      step(create_);
      conversations.push_back(sqlite3_last_insert_rowid(database_));
    }
    execute("COMMIT");
    std::int64_t appended = 0;
    const auto begin = Clock::now();
    for (std::int64_t sequence = 1; seconds_since(begin) < kSeconds; ++sequence) {
      execute("BEGIN IMMEDIATE");
      for (const std::int64_t conversation : conversations) append(conversation, sequence);
      execute("COMMIT");
      appended += group;
    }
    return static_cast<double>(appended) / seconds_since(begin);
  }

 private:
  void append(std::int64_t conversation, std::int64_t sequence) {
    sqlite3_bind_int64(insert_, 1, conversation);
    sqlite3_bind_int64(insert_, 2, sequence);
    sqlite3_bind_text(insert_, 3, kText.c_str(), static_cast<int>(kText.size()), SQLITE_STATIC);
    sqlite3_bind_int64(insert_, 4, sequence);
    step(insert_);
    sqlite3_bind_int64(touch_, 1, conversation);
    sqlite3_bind_int64(touch_, 2, sequence);
    sqlite3_bind_int64(touch_, 3, sequence);
    step(touch_);
  }
  sqlite3_stmt* prepare(const char* sql) {
    sqlite3_stmt* statement = nullptr;
    if (sqlite3_prepare_v2(database_, sql, -1, &statement, nullptr) != SQLITE_OK) fail();
    return statement;
  }
  void execute(const char* sql) {
    if (sqlite3_exec(database_, sql, nullptr, nullptr, nullptr) != SQLITE_OK) fail();
  }
  void step(sqlite3_stmt* statement) {
    if (sqlite3_step(statement) != SQLITE_DONE) fail();
    sqlite3_reset(statement);
  }
  void fail() {
    std::fprintf(stderr, "bare SQLite: %s\n", sqlite3_errmsg(database_));
    std::exit(1);
  }

  sqlite3* database_ = nullptr;
  sqlite3_stmt* insert_ = nullptr;
  sqlite3_stmt* touch_ = nullptr;
  sqlite3_stmt* create_ = nullptr;
};

std::unique_ptr<storage::Store> open_or_exit(base::Result<std::unique_ptr<storage::Store>> opened) {
  if (opened) return *std::move(opened);
  std::fprintf(stderr, "%s\n", opened.error().message.c_str());
  std::exit(1);
}

void compare(const std::filesystem::path& folder, const base::Clock& clock, int group) {
  std::vector<double> ours;
  std::vector<double> bare;
  std::vector<double> ratios;
  for (int round = 0; round < kRounds; ++round) {
    const std::string name = std::to_string(group) + "-" + std::to_string(round);
    storage::SqliteOptions options{.path = folder / ("ours" + name)};
    options.writes.largest_group = static_cast<std::size_t>(group);
    auto store = open_or_exit(storage::SqliteStore::open(options, clock));
    // Two groups of writers: one waits in the queue while the other is committed, as under load.
    ours.push_back(run_store(*store, 2 * group, "c"));
    store->close();
    // The tables of a store, for the peer.
    open_or_exit(storage::SqliteStore::open({.path = folder / ("bare" + name)}, clock))->close();
    bare.push_back(BareSqlite((folder / ("bare" + name)).string()).run(group, "c"));
    ratios.push_back(ours.back() / bare.back());
  }
  std::printf("%8d %14.0f %14.0f %8.2f\n", group, median(ours), median(bare), median(ratios));
  std::fflush(stdout);
}

void measure_postgres(const std::string& url, const base::Clock& clock) {
  std::printf("\nPostgreSQL\n%8s %14s %12s\n", "writers", "messages/s", "a commit");
  for (const int writers : {1, 10, 100}) {
    auto connection = storage::PostgresConnection::open(url, {});
    if (!connection || !connection->execute("DROP SCHEMA IF EXISTS chatcore CASCADE")) std::exit(1);
    auto store = open_or_exit(storage::PostgresStore::open({.target = {.url = url}}, clock));
    const double rate = run_store(*store, writers, "c");
    const auto statistics = store->statistics();
    std::printf("%8d %14.0f %12.1f\n", writers, rate,
                static_cast<double>(statistics.appends_total) / static_cast<double>(statistics.commits_total));
  }
}

}  // namespace

int main(int count, char** arguments) {
  const std::filesystem::path parent = count > 1 ? arguments[1] : std::filesystem::temp_directory_path();
  std::string folder = (parent / "store-bench-XXXXXX").string();
  if (mkdtemp(folder.data()) == nullptr) return std::perror(folder.c_str()), 1;
  const base::SystemClock clock;
  std::printf("SQLite, messages of 400 bytes, medians of %d rounds\n%8s %14s %14s %8s\n", kRounds, "group", "store/s",
              "bare/s", "ratio");
  for (const int group : {1, 10, 100}) compare(folder, clock, group);
  std::filesystem::remove_all(folder);
  const char* url = std::getenv("CHATCORE_TEST_POSTGRES_URL");
  if (url != nullptr) measure_postgres(url, clock);
  return 0;
}
