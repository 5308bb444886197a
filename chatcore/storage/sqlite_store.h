#pragma once
// Conversations in one SQLite file: one thread that writes in groups, a few that read. Every connection is opened
// once and lives as long as the store.

#include <filesystem>
#include <functional>
#include <memory>
#include <string>
#include <thread>
#include <vector>

#include "base/clock.h"
#include "base/result.h"
#include "chatcore/storage/bounded_queue.h"
#include "chatcore/storage/sqlite_reader.h"
#include "chatcore/storage/sqlite_writer.h"
#include "chatcore/storage/store.h"
#include "chatcore/storage/store_counters.h"

namespace chatcore::storage {

struct SqliteOptions {
  std::filesystem::path path;
  std::filesystem::path remove_on_close = {};  // a folder to remove with the store; empty for none
  std::size_t readers = 2;                     // threads, each with a connection; reading a window takes some 50 µs
  std::size_t queue_reads = 1024;              // waiting; one more is refused with exhausted
  WriteLimits writes = {};
};

class SqliteStore final : public Store {
 public:
  // Errors as open_store().
  static base::Result<std::unique_ptr<Store>> open(SqliteOptions options, const base::Clock& clock);
  ~SqliteStore() override;

  void append(const ConversationKey& key, Message message, std::int64_t after,
              std::function<void(base::Result<std::int64_t>)> done) override;
  void load_window(const ConversationKey& key, std::size_t max_messages,
                   std::function<void(base::Result<Window>)> done) override;
  void list(const std::string& user, std::size_t limit,
            std::function<void(base::Result<std::vector<ConversationSummary>>)> done) override;
  void remove(const ConversationKey& key, std::function<void(base::Result<bool>)> done) override;
  void drop_page_cache() override;
  [[nodiscard]] StoreStatistics statistics() const override;
  void close() override;

 private:
  // Called with a reader on its thread, or with null and the reason when it is refused.
  using Read = std::function<void(SqliteReader* reader, base::Code refused)>;

  explicit SqliteStore(SqliteOptions options);
  void submit(Read read);
  void serve_reads(SqliteReader reader);
  template <class Value, class Question>
  void ask(Question question, std::function<void(base::Result<Value>)> done);

  const SqliteOptions options_;
  StoreCounters counters_;
  std::unique_ptr<SqliteWriter> writer_;
  // Open for as long as any connection: closing a file drops all locks that the process holds on it, SQLite's too.
  int cached_file_ = -1;
  BoundedQueue<Read> reads_;
  std::vector<std::thread> readers_;
};

}  // namespace chatcore::storage
