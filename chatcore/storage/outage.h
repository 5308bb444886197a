#pragma once
// A database that fails is told twice: when it begins to, and when it works again, with how long it took and what it
// cost. A line for each failure in between would fill the disk of whoever looks for the reason.

#include <atomic>
#include <cstdint>
#include <mutex>
#include <string>
#include <string_view>

#include "base/clock.h"
#include "base/result.h"

namespace chatcore::storage {

// False for what the caller did not expect to find, while the database is well: a conflict, not found.
bool is_failure(base::Code code);
// Whether such a failure is the database's own, and not one of what was asked of it.
bool is_of_the_database(base::Code code);
// The name of this side in messages to clients (base::Remote).
inline constexpr std::string_view kSide = "storage";

// The `code` of such an error (base::Remote) if the disk of the database is full.
inline constexpr std::string_view kFullCode = "storage_full";
base::Error full_disk(std::string message);
bool is_full_disk(const base::Error& error);

// An error as the store's callers receive it: it names this side. A database that refuses this program its rights
// (permission_denied) is unavailable to clients; the message tells the operator more.
base::Error as_told(base::Error error);

// Thread-safe.
class Outage {
 public:
  // `what` fails, in the log's words: "writes", "reads". It and the clock must outlive this.
  Outage(std::string_view what, const base::Clock& clock) : what_(what), clock_(clock) {}

  // A group of writes, or a question, that the database failed.
  void failed(const base::Error& error);
  // One that it did not. As good as free while all is well.
  void worked();
  [[nodiscard]] bool is_under_way() const { return is_under_way_; }

 private:
  const std::string_view what_;
  const base::Clock& clock_;
  std::atomic<bool> is_under_way_{false};
  std::mutex mutex_;  // guards what follows, and each change of the above
  base::SteadyTime began_{};
  std::uint64_t failures_ = 0;
};

}  // namespace chatcore::storage
