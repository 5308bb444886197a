#include "chatcore/storage/group_writer.h"

#include <algorithm>
#include <chrono>
#include <utility>
#include <variant>

#include <pthread.h>

#include "base/log.h"

namespace chatcore::storage {
namespace {

// A commit this recent says that writes work. Trying costs a sync of the disk.
constexpr std::chrono::seconds kRecent{5};

}  // namespace

GroupWriter::GroupWriter(std::unique_ptr<WriteSession> session, WriteLimits limits, const base::Clock& clock,
                         StoreCounters& counters)
    : limits_(limits),
      counters_(counters),
      clock_(clock),
      outage_("writes", clock),
      queue_(limits.queue_writes),
      session_(std::move(session)) {
  thread_ = std::thread([this] { run(); });
}

GroupWriter::~GroupWriter() { close(); }

void GroupWriter::close() {
  queue_.close();
  if (!thread_.joinable()) return;
  thread_.join();
  session_.reset();
}

void GroupWriter::submit(Write write) {
  const std::size_t bytes = bytes_of(write.what);
  const bool fits = queued_bytes_.fetch_add(bytes) + bytes <= limits_.queue_bytes;
  const Push pushed = fits ? queue_.push(write) : Push::full;
  if (pushed == Push::taken) return;
  queued_bytes_ -= bytes;
  if (pushed == Push::closed) {
    write.done(base::fail(base::Code::unavailable, "the database is closed"));
  } else {
    write.done(base::fail(base::Code::exhausted, "too many writes wait for the database"));
  }
}

void GroupWriter::run() {
  pthread_setname_np(pthread_self(), "store-writer");
  while (true) {
    std::vector<Write> group = queue_.take(limits_.largest_group);
    if (group.empty()) return;
    write_group(group);
  }
}

void GroupWriter::write_group(std::vector<Write>& group) {
  std::vector<WriteOutcome> outcomes;
  if (is_known_to_work(group)) {
    outcomes.assign(group.size(), WriteOutcome(1));
  } else {
    const Busy busy(counters_);
    outcomes = session_->commit(group);
    count(group, outcomes);
  }
  for (std::size_t i = 0; i < group.size(); ++i) {
    if (!outcomes[i]) outcomes[i] = tl::unexpected(as_told(std::move(outcomes[i]).error()));
    group[i].done(std::move(outcomes[i]));
  }
}

bool GroupWriter::is_known_to_work(const std::vector<Write>& group) const {
  return !outage_.is_under_way() && committed_at_ && clock_.steady_now() - *committed_at_ < kRecent &&
         std::ranges::all_of(group, [](const Write& one) { return std::holds_alternative<WriteCheck>(one.what); });
}

void GroupWriter::count(const std::vector<Write>& group, const std::vector<WriteOutcome>& outcomes) {
  std::size_t failed = 0;
  const base::Error* first = nullptr;
  for (std::size_t i = 0; i < group.size(); ++i) {
    queued_bytes_ -= bytes_of(group[i].what);
    if (outcomes[i]) {
      counters_.appends_total += messages_of(group[i].what);
    } else if (is_failure(outcomes[i].error().code)) {
      if (failed++ == 0) first = &outcomes[i].error();
    }
  }
  counters_.errors_total += failed;
  if (failed == group.size() && is_of_the_database(first->code)) return outage_.failed(*first);
  outage_.worked();
  committed_at_ = clock_.steady_now();
  if (failed != 0) base::log_error("database writes failed", {{"writes", failed}, {"error", first->message}});
}

}  // namespace chatcore::storage
