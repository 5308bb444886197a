#pragma once
// The connection to SQLite that writes. A group is one transaction, in which a write that fails leaves nothing behind.

#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "base/clock.h"
#include "base/result.h"
#include "chatcore/storage/session.h"
#include "chatcore/storage/store_counters.h"

namespace chatcore::storage {

class SqliteWriteSession final : public WriteSession {
 public:
  // Opens the file, creates or (when it may) migrates its tables. Clock and counters must outlive it.
  static base::Result<std::unique_ptr<WriteSession>> open(const std::string& path, bool may_migrate,
                                                          const base::Clock& clock, StoreCounters& counters);
  ~SqliteWriteSession() override;
  SqliteWriteSession(const SqliteWriteSession&) = delete;
  SqliteWriteSession& operator=(const SqliteWriteSession&) = delete;

  std::vector<WriteOutcome> commit(const std::vector<Write>& group) override;

 private:
  struct Prepared;
  struct Found {
    std::int64_t conversation = 0;  // 0: there is none
    std::int64_t last_sequence = 0;
    std::int64_t revision = 0;
    std::int64_t last_used = 0;  // milliseconds since 1970
  };

  SqliteWriteSession(std::unique_ptr<Prepared> prepared, const base::Clock& clock, StoreCounters& counters);
  std::optional<std::vector<WriteOutcome>> commit_group(const std::vector<Write>& group, bool is_careful);
  WriteOutcome apply_whole(const WriteOperation& what);
  WriteOutcome apply(const Append& what);
  WriteOutcome apply(const NewConversation& what);
  WriteOutcome apply(const ForkWrite& what);
  WriteOutcome apply(const MetadataWrite& what);
  WriteOutcome apply(const KeptSummary& what);
  WriteOutcome apply(const WriteCheck& what);
  WriteOutcome apply(const RemoveMessageWrite& what);
  WriteOutcome apply(const RemoveWrite& what);
  base::Result<Found> find(const ConversationKey& key);
  WriteOutcome insert_conversation(const NewConversation& what, std::int64_t revision);  // its row's id
  base::Status add_message(std::int64_t conversation, std::int64_t sequence, const Message& message);
  WriteOutcome add_messages(std::int64_t conversation, std::int64_t last, const std::vector<Message>& messages);
  base::Status name_response(const Append& what, std::int64_t conversation, std::int64_t sequence);
  [[nodiscard]] std::int64_t now() const;

  std::unique_ptr<Prepared> use_;
  const base::Clock& clock_;
  StoreCounters& counters_;
};

}  // namespace chatcore::storage
