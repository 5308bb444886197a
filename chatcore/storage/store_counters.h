#pragma once
// What a store's threads count, read by metrics at any time.

#include <atomic>
#include <cstddef>
#include <cstdint>

namespace chatcore::storage {

struct StoreCounters {
  std::atomic<std::size_t> connections_open{0};
  std::atomic<std::size_t> connections_busy{0};
  std::atomic<std::uint64_t> connects_total{0};
  std::atomic<std::uint64_t> errors_total{0};  // of the database; a conflict between writers is not one
  std::atomic<std::uint64_t> commits_total{0};
  std::atomic<std::uint64_t> retries_total{0};
  std::atomic<std::uint64_t> appends_total{0};

  void connected() {
    ++connections_open;
    ++connects_total;
  }
};

// A connection is busy while this lives.
class Busy {
 public:
  explicit Busy(StoreCounters& counters) : counters_(counters) { ++counters_.connections_busy; }
  ~Busy() { --counters_.connections_busy; }
  Busy(const Busy&) = delete;
  Busy& operator=(const Busy&) = delete;

 private:
  StoreCounters& counters_;
};

}  // namespace chatcore::storage
