#pragma once
// A store's connections as its threads use them: one that writes, a few that read. Blocking, each used by one thread
// at a time. What SQLite and PostgreSQL do differently is below these two; queues, threads and grouping are above.

#include <optional>
#include <string>
#include <vector>

#include "base/result.h"
#include "chatcore/storage/store.h"
#include "chatcore/storage/write.h"

namespace chatcore::storage {

class WriteSession {
 public:
  virtual ~WriteSession() = default;
  // Carries out the writes in order and makes them durable together; returns an outcome for each. One that fails by
  // itself (a conflict) leaves nothing behind and does not touch the others; when the group cannot be made durable,
  // all of it fails.
  virtual std::vector<WriteOutcome> commit(const std::vector<Write>& group) = 0;
};

// Each question is answered from one state of the database, as in Store.
class ReadSession {
 public:
  virtual ~ReadSession() = default;
  virtual base::Result<Window> load_window(const ConversationKey& key, std::size_t max_messages) = 0;
  virtual base::Result<std::vector<ConversationSummary>> list(const std::string& user, std::size_t limit) = 0;
  virtual base::Result<std::optional<Description>> describe(const ConversationKey& key) = 0;
  virtual base::Result<std::optional<Page>> list_messages(const ConversationKey& key, const PageRequest& page) = 0;
  virtual base::Result<std::optional<StoredResponse>> find_response(const std::string& user,
                                                                    const std::string& response_id) = 0;
  virtual base::Result<std::vector<OldConversation>> list_old(const OldRequest& request) = 0;
  virtual base::Result<base::Bytes> used_bytes() = 0;
};

}  // namespace chatcore::storage
