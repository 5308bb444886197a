#include "chatcore/storage/pooled_store.h"

#include <utility>

#include <pthread.h>

namespace chatcore::storage {
namespace {

base::Error refusal(base::Code code) {
  return as_told(
      {code, code == base::Code::exhausted ? "too many reads wait for the database" : "the database is closed"});
}

}  // namespace

PooledStore::~PooledStore() { PooledStore::close(); }

void PooledStore::start(std::unique_ptr<WriteSession> writer, std::vector<std::unique_ptr<ReadSession>> readers,
                        WriteLimits limits) {
  writer_ = std::make_unique<GroupWriter>(std::move(writer), limits, clock_, counters_);
  for (std::unique_ptr<ReadSession>& reader : readers) {
    readers_.emplace_back([this, own = std::move(reader)]() mutable { serve_reads(std::move(own)); });
  }
}

void PooledStore::close() {
  reads_.close();
  for (std::thread& reader : readers_) reader.join();
  readers_.clear();
  // Last, since the last connection to close brings SQLite's log into the database file.
  if (writer_) writer_->close();
}

void PooledStore::append(Append what, std::function<void(base::Result<std::int64_t>)> done) {
  writer_->submit({std::move(what), std::move(done)});
}

void PooledStore::create(NewConversation what, std::function<void(base::Result<std::int64_t>)> done) {
  writer_->submit({std::move(what), std::move(done)});
}

void PooledStore::fork(const ConversationKey& from, std::int64_t last, NewConversation to,
                       std::function<void(base::Result<std::int64_t>)> done) {
  to.key.user = from.user;
  writer_->submit({ForkWrite{from, last, std::move(to)}, std::move(done)});
}

void PooledStore::set_metadata(const ConversationKey& key, std::string metadata,
                               std::function<void(base::Result<bool>)> done) {
  submit_change(MetadataWrite{key, std::move(metadata)}, std::move(done));
}

void PooledStore::keep_summary(KeptSummary what, std::function<void(base::Result<bool>)> done) {
  submit_change(std::move(what), std::move(done));
}

void PooledStore::remove_message(const ConversationKey& key, std::int64_t sequence,
                                 std::function<void(base::Result<bool>)> done) {
  submit_change(RemoveMessageWrite{key, sequence}, std::move(done));
}

void PooledStore::remove(const ConversationKey& key, std::function<void(base::Result<bool>)> done) {
  submit_change(RemoveWrite{key}, std::move(done));
}

void PooledStore::remove_unused(const ConversationKey& key, base::WallTime last_used,
                                std::function<void(base::Result<bool>)> done) {
  submit_change(RemoveWrite{key, last_used}, std::move(done));
}

void PooledStore::check_write(std::function<void(base::Status)> done) {
  submit_change(WriteCheck{}, [done = std::move(done)](base::Result<bool> committed) {
    done(committed ? base::Status() : base::fail(std::move(committed).error()));
  });
}

void PooledStore::submit_change(WriteOperation what, std::function<void(base::Result<bool>)> done) {
  writer_->submit({std::move(what), [done = std::move(done)](WriteOutcome changed) {
                     if (changed) {
                       done(*changed != 0);
                     } else {
                       done(tl::unexpected(std::move(changed).error()));
                     }
                   }});
}

void PooledStore::load_window(const ConversationKey& key, std::size_t max_messages,
                              std::function<void(base::Result<Window>)> done) {
  ask<Window>([key, max_messages](ReadSession& reader) { return reader.load_window(key, max_messages); },
              std::move(done));
}

void PooledStore::list(const std::string& user, std::size_t limit,
                       std::function<void(base::Result<std::vector<ConversationSummary>>)> done) {
  ask<std::vector<ConversationSummary>>([user, limit](ReadSession& reader) { return reader.list(user, limit); },
                                        std::move(done));
}

void PooledStore::describe(const ConversationKey& key,
                           std::function<void(base::Result<std::optional<Description>>)> done) {
  ask<std::optional<Description>>([key](ReadSession& reader) { return reader.describe(key); }, std::move(done));
}

void PooledStore::list_messages(const ConversationKey& key, PageRequest page,
                                std::function<void(base::Result<std::optional<Page>>)> done) {
  ask<std::optional<Page>>([key, page](ReadSession& reader) { return reader.list_messages(key, page); },
                           std::move(done));
}

void PooledStore::find_response(const std::string& user, const std::string& response_id,
                                std::function<void(base::Result<std::optional<StoredResponse>>)> done) {
  ask<std::optional<StoredResponse>>(
      [user, response_id](ReadSession& reader) { return reader.find_response(user, response_id); }, std::move(done));
}

void PooledStore::list_old(const OldRequest& request,
                           std::function<void(base::Result<std::vector<OldConversation>>)> done) {
  ask<std::vector<OldConversation>>([request](ReadSession& reader) { return reader.list_old(request); },
                                    std::move(done));
}

void PooledStore::used_bytes(std::function<void(base::Result<base::Bytes>)> done) {
  ask<base::Bytes>([](ReadSession& reader) { return reader.used_bytes(); }, std::move(done));
}

template <class Value, class Question>
void PooledStore::ask(Question question, std::function<void(base::Result<Value>)> done) {
  submit([this, question = std::move(question), done = std::move(done)](ReadSession* reader, base::Code refused) {
    if (reader == nullptr) return done(tl::unexpected(refusal(refused)));
    base::Result<Value> answer = base::fail(base::Code::internal, "not asked");
    {
      const Busy busy(counters_);
      answer = question(*reader);
    }
    if (answer) {
      read_outage_.worked();
    } else {
      ++counters_.errors_total;
      read_outage_.failed(answer.error());
      answer = tl::unexpected(as_told(std::move(answer).error()));
    }
    done(std::move(answer));
  });
}

void PooledStore::submit(Read read) {
  const Push pushed = reads_.push(read);
  if (pushed == Push::full) read(nullptr, base::Code::exhausted);
  if (pushed == Push::closed) read(nullptr, base::Code::unavailable);
}

void PooledStore::serve_reads(std::unique_ptr<ReadSession> reader) {
  pthread_setname_np(pthread_self(), "store-reader");
  while (true) {
    const std::vector<Read> next = reads_.take(1);
    if (next.empty()) return;
    next.front()(reader.get(), base::Code::internal);
  }
}

StoreStatistics PooledStore::statistics() const {
  return {.connections_open = counters_.connections_open,
          .connections_busy = counters_.connections_busy,
          .connects_total = counters_.connects_total,
          .errors_total = counters_.errors_total,
          .commits_total = counters_.commits_total,
          .retries_total = counters_.retries_total,
          .appends_total = counters_.appends_total,
          .writes_waiting = writer_->waiting(),
          .reads_fail = read_outage_.is_under_way(),
          .writes_fail = writer_->is_failing()};
}

}  // namespace chatcore::storage
