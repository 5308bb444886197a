#pragma once
// Conversations in one SQLite file: one thread that writes in groups, a few that read.

#include <filesystem>
#include <memory>

#include "base/clock.h"
#include "base/result.h"
#include "chatcore/storage/pooled_store.h"

namespace chatcore::storage {

struct SqliteOptions {
  std::filesystem::path path;
  bool may_migrate = true;                     // an older file is refused without; an empty one gets its tables
  std::filesystem::path remove_on_close = {};  // a folder to remove with the store; empty for none
  std::size_t readers = 2;                     // threads, each with a connection; reading a window takes some 50 µs
  std::size_t queue_reads = 1024;              // waiting; one more is refused with exhausted
  WriteLimits writes = {};
};

class SqliteStore final : public PooledStore {
 public:
  // Errors as open_store(). The clock must outlive the store.
  static base::Result<std::unique_ptr<Store>> open(SqliteOptions options, const base::Clock& clock);
  ~SqliteStore() override;

  void drop_page_cache() override;
  void close() override;

 private:
  SqliteStore(SqliteOptions options, const base::Clock& clock);
  base::Status open_sessions(const base::Clock& clock);

  const SqliteOptions options_;
  // Open for as long as any connection: closing a file drops all locks that the process holds on it, SQLite's too.
  int cached_file_ = -1;
};

}  // namespace chatcore::storage
