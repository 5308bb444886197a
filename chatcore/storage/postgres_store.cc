#include "chatcore/storage/postgres_store.h"

#include <utility>
#include <vector>

#include "chatcore/storage/database_url.h"
#include "chatcore/storage/postgres_read_session.h"
#include "chatcore/storage/postgres_write_session.h"

namespace chatcore::storage {

base::Result<std::unique_ptr<Store>> PostgresStore::open(const PostgresOptions& options, const base::Clock& clock) {
  const auto in_context = [&](const base::Error& error) {
    return tl::unexpected(error.within("open database " + redacted_url(options.target.url)));
  };
  std::unique_ptr<PostgresStore> store(new PostgresStore(options.queue_reads, clock));
  auto writer = PostgresWriteSession::open(options.target, options.may_migrate, clock, store->counters());
  if (!writer) return in_context(writer.error());
  std::vector<std::unique_ptr<ReadSession>> readers;
  for (std::size_t i = 0; i < options.readers; ++i) {
    auto reader = PostgresReadSession::open(options.target, clock, store->counters());
    if (!reader) return in_context(reader.error());
    readers.push_back(*std::move(reader));
  }
  store->start(*std::move(writer), std::move(readers), options.writes);
  return std::unique_ptr<Store>(std::move(store));
}

}  // namespace chatcore::storage
