#pragma once
// What every store has above its connections: a writer that groups commits, a bounded queue of reads, and a few
// threads that answer them, each with a connection that is opened once and lives as long as the store.

#include <cstddef>
#include <functional>
#include <memory>
#include <string>
#include <thread>
#include <vector>

#include "base/clock.h"
#include "base/result.h"
#include "chatcore/storage/bounded_queue.h"
#include "chatcore/storage/group_writer.h"
#include "chatcore/storage/outage.h"
#include "chatcore/storage/session.h"
#include "chatcore/storage/store.h"
#include "chatcore/storage/store_counters.h"

namespace chatcore::storage {

class PooledStore : public Store {
 public:
  ~PooledStore() override;

  void append(Append what, std::function<void(base::Result<std::int64_t>)> done) override;
  void create(NewConversation what, std::function<void(base::Result<std::int64_t>)> done) override;
  void fork(const ConversationKey& from, std::int64_t last, NewConversation to,
            std::function<void(base::Result<std::int64_t>)> done) override;
  void set_metadata(const ConversationKey& key, std::string metadata,
                    std::function<void(base::Result<bool>)> done) override;
  void check_write(std::function<void(base::Status)> done) override;
  void keep_summary(KeptSummary what, std::function<void(base::Result<bool>)> done) override;
  void remove_message(const ConversationKey& key, std::int64_t sequence,
                      std::function<void(base::Result<bool>)> done) override;
  void remove(const ConversationKey& key, std::function<void(base::Result<bool>)> done) override;
  void remove_unused(const ConversationKey& key, base::WallTime last_used,
                     std::function<void(base::Result<bool>)> done) override;

  void load_window(const ConversationKey& key, std::size_t max_messages,
                   std::function<void(base::Result<Window>)> done) override;
  void list(const std::string& user, std::size_t limit,
            std::function<void(base::Result<std::vector<ConversationSummary>>)> done) override;
  void describe(const ConversationKey& key,
                std::function<void(base::Result<std::optional<Description>>)> done) override;
  void list_messages(const ConversationKey& key, PageRequest page,
                     std::function<void(base::Result<std::optional<Page>>)> done) override;
  void find_response(const std::string& user, const std::string& response_id,
                     std::function<void(base::Result<std::optional<StoredResponse>>)> done) override;

  void list_old(const OldRequest& request,
                std::function<void(base::Result<std::vector<OldConversation>>)> done) override;
  void used_bytes(std::function<void(base::Result<base::Bytes>)> done) override;

  [[nodiscard]] StoreStatistics statistics() const override;
  void close() override;

 protected:
  // Called on a reader's thread with its connection, or with null and the reason when it is refused.
  using Read = std::function<void(ReadSession* reader, base::Code refused)>;

  // The clock must outlive the store.
  PooledStore(std::size_t queue_reads, const base::Clock& clock)
      : clock_(clock), reads_(queue_reads), read_outage_("reads", clock) {}
  // Once. The sessions count into counters().
  void start(std::unique_ptr<WriteSession> writer, std::vector<std::unique_ptr<ReadSession>> readers,
             WriteLimits limits);
  void submit(Read read);
  StoreCounters& counters() { return counters_; }

 private:
  void serve_reads(std::unique_ptr<ReadSession> reader);
  void submit_change(WriteOperation what, std::function<void(base::Result<bool>)> done);
  template <class Value, class Question>
  void ask(Question question, std::function<void(base::Result<Value>)> done);

  const base::Clock& clock_;
  StoreCounters counters_;
  std::unique_ptr<GroupWriter> writer_;
  BoundedQueue<Read> reads_;
  Outage read_outage_;
  std::vector<std::thread> readers_;
};

}  // namespace chatcore::storage
