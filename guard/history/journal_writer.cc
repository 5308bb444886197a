#include "guard/history/journal_writer.h"

#include <future>
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
  });
  if (!is_taken) fail("the disk does not keep up: " + std::to_string(kMostWaiting) + " records wait already");
}

void JournalWriter::wait_until_written() {
  if (!worker_) return;
  auto written = std::make_shared<std::promise<void>>();
  auto future = written->get_future();
  if (worker_->submit([written] { written->set_value(); })) future.wait();
}

void JournalWriter::fail(const std::string& why) {
  ++errors_;
  if (!is_failing_.exchange(true))
    base::log_error("the journal of actions cannot be written; actions go on without it", {{"error", why}});
}

}  // namespace guard::history
