#pragma once
// Conversations in a PostgreSQL database that several programs may share: one connection that writes in groups, a few
// that read, each made again when it was lost.

#include <cstddef>
#include <memory>

#include "base/clock.h"
#include "base/result.h"
#include "chatcore/storage/pooled_store.h"
#include "chatcore/storage/postgres_link.h"

namespace chatcore::storage {

struct PostgresOptions {
  PostgresTarget target;
  bool may_migrate = true;
  std::size_t readers = 3;         // threads, each with a connection
  std::size_t queue_reads = 1024;  // waiting; one more is refused with exhausted
  WriteLimits writes = {};
};

class PostgresStore final : public PooledStore {
 public:
  // Errors as open_store(). The clock must outlive the store.
  static base::Result<std::unique_ptr<Store>> open(const PostgresOptions& options, const base::Clock& clock);

  // The server keeps no files here.
  void drop_page_cache() override {}

 private:
  PostgresStore(std::size_t queue_reads, const base::Clock& clock) : PooledStore(queue_reads, clock) {}
};

}  // namespace chatcore::storage
