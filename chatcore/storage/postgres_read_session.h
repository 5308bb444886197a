#pragma once
// A connection to PostgreSQL that reads: each question is one round trip.

#include <memory>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include "base/clock.h"
#include "base/result.h"
#include "chatcore/storage/postgres_link.h"
#include "chatcore/storage/session.h"
#include "chatcore/storage/store_counters.h"

namespace chatcore::storage {

class PostgresReadSession final : public ReadSession {
 public:
  // Clock and counters must outlive it.
  static base::Result<std::unique_ptr<ReadSession>> open(const PostgresTarget& target, const base::Clock& clock,
                                                         StoreCounters& counters);

  base::Result<Window> load_window(const ConversationKey& key, std::size_t max_messages) override;
  base::Result<std::vector<ConversationSummary>> list(const std::string& user, std::size_t limit) override;
  base::Result<std::optional<Description>> describe(const ConversationKey& key) override;
  base::Result<std::optional<Page>> list_messages(const ConversationKey& key, const PageRequest& page) override;
  base::Result<std::optional<StoredResponse>> find_response(const std::string& user,
                                                            const std::string& response_id) override;
  base::Result<std::vector<OldConversation>> list_old(const OldRequest& request) override;
  base::Result<base::Bytes> used_bytes() override;

 private:
  PostgresReadSession(const PostgresTarget& target, const base::Clock& clock, StoreCounters& counters);
  base::Result<std::vector<PostgresRows>> ask(std::span<const PostgresCall> calls);

  PostgresLink link_;
};

}  // namespace chatcore::storage
