#pragma once
// One connection to SQLite that reads, with its statements prepared once and kept.

#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "base/result.h"
#include "chatcore/storage/session.h"
#include "chatcore/storage/sqlite_connection.h"
#include "chatcore/storage/store_counters.h"

namespace chatcore::storage {

class SqliteReadSession final : public ReadSession {
 public:
  // The counters must outlive it.
  static base::Result<std::unique_ptr<ReadSession>> open(const std::string& path, StoreCounters& counters);
  ~SqliteReadSession() override;
  SqliteReadSession(const SqliteReadSession&) = delete;
  SqliteReadSession& operator=(const SqliteReadSession&) = delete;

  base::Result<Window> load_window(const ConversationKey& key, std::size_t max_messages) override;
  base::Result<std::vector<ConversationSummary>> list(const std::string& user, std::size_t limit) override;
  base::Result<std::optional<Description>> describe(const ConversationKey& key) override;
  base::Result<std::optional<Page>> list_messages(const ConversationKey& key, const PageRequest& page) override;
  base::Result<std::optional<StoredResponse>> find_response(const std::string& user,
                                                            const std::string& response_id) override;
  base::Result<std::vector<OldConversation>> list_old(const OldRequest& request) override;
  base::Result<base::Bytes> used_bytes() override;

 private:
  struct Found;
  SqliteReadSession(SqliteConnection connection, std::vector<SqliteStatement> statements, StoreCounters& counters);
  base::Result<std::optional<Found>> find(const ConversationKey& key);
  base::Result<Window> read_window(const ConversationKey& key, std::size_t max_messages);
  base::Result<Summary> read_summary(std::int64_t conversation);
  base::Result<std::optional<Page>> read_page(const ConversationKey& key, const PageRequest& page);
  template <class Question>
  auto in_one_state(Question question) -> decltype(question());

  StoreCounters& counters_;
  SqliteConnection connection_;
  SqliteStatement begin_;
  SqliteStatement end_;
  SqliteStatement find_;
  SqliteStatement last_messages_;
  SqliteStatement system_message_;
  SqliteStatement messages_after_;
  SqliteStatement messages_before_;
  SqliteStatement list_;
  SqliteStatement find_response_;
  SqliteStatement summary_;
  SqliteStatement list_old_;
};

}  // namespace chatcore::storage
