#include "guard/history/journal_writer.h"

#include <utility>

#include "base/log.h"

namespace guard::history {

JournalWriter::JournalWriter(std::string path) : journal_(path) {
  if (!path.empty()) worker_ = std::make_unique<base::Worker>("lg-journal", kMostWaiting);
}

JournalWriter::~JournalWriter() { wait_until_written(); }

void JournalWriter::append(std::string json_line) {
  if (!worker_) return;
  const bool is_taken = worker_->submit([this, line = std::move(json_line)] {
    if (const auto written = journal_.append(line); !written)
      fail(written.error().message);
    else
      is_failing_ = false;
    const std::lock_guard lock(mutex_);
    ++written_;
    is_written_.notify_all();
  });
  if (is_taken)
    ++accepted_;
  else
    fail("the queue of " + std::to_string(kMostWaiting) + " records is full: the disk is too slow or does not respond");
}

void JournalWriter::wait_until_written() {
  std::unique_lock lock(mutex_);
  is_written_.wait(lock, [this] { return written_ == accepted_; });
}

void JournalWriter::fail(const std::string& why) {
  ++errors_;
  if (!is_failing_.exchange(true))
    base::log_error("the journal of actions cannot be written; actions go on without it", {{"error", why}});
}

}  // namespace guard::history
