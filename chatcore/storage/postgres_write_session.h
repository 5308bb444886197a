#pragma once
// The connection to PostgreSQL that writes: a group is one transaction, sent in one round trip.

#include <cstdint>
#include <memory>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "base/clock.h"
#include "base/result.h"
#include "chatcore/storage/postgres_link.h"
#include "chatcore/storage/revision.h"
#include "chatcore/storage/session.h"
#include "chatcore/storage/store_counters.h"

namespace chatcore::storage {

class PostgresWriteSession final : public WriteSession {
 public:
  // Connects, creates or (when it may) migrates the tables. Clock and counters must outlive it.
  static base::Result<std::unique_ptr<WriteSession>> open(const PostgresTarget& target, bool may_migrate,
                                                          const base::Clock& clock, StoreCounters& counters);

  std::vector<WriteOutcome> commit(const std::vector<Write>& group) override;

 private:
  struct Batch;
  using Indices = std::vector<std::size_t>;
  // A message and where it goes; all of it borrowed from the write.
  struct Following {
    const ConversationKey& key;
    const Message& message;
    std::int64_t after;
    Revisions revisions;
    std::string_view response_id;
  };

  PostgresWriteSession(const PostgresTarget& target, const base::Clock& clock, StoreCounters& counters);
  // Again, a bounded number of times, while the server ends it for the sake of others.
  base::Result<std::vector<PostgresRows>> run_to_the_end(PostgresConnection& connection,
                                                         std::span<const PostgresCall> calls);
  base::Status commit_together(const std::vector<Write>& group, const Indices& order,
                               std::vector<WriteOutcome>& outcomes);
  void add(Batch& batch, const Append& what);
  void add(Batch& batch, const NewConversation& what);
  void add(Batch& batch, const ForkWrite& what);
  void add(Batch& batch, const MetadataWrite& what);
  void add(Batch& batch, const KeptSummary& what);
  void add(Batch& batch, const RemoveMessageWrite& what);
  void add(Batch& batch, const RemoveWrite& what);
  void add(Batch& batch, const WriteCheck& what);
  void add_message(Batch& batch, const Following& what);
  void add_messages(Batch& batch, const NewConversation& what, std::int64_t last, std::int64_t revision);
  [[nodiscard]] std::int64_t now() const;

  PostgresLink link_;
  const base::Clock& clock_;
  StoreCounters& counters_;
};

}  // namespace chatcore::storage
