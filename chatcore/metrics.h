#pragma once
// What /metrics says: what happened here is counted as it happens, what others count anyway (registry, storage,
// retriever, kernel) is read at each scrape. Every label value comes from a fixed set, so the number of series is
// bounded. Names are the contract of docs/interfaces; prometheus-cpp is met in metrics.cc alone.

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>

#include "base/clock.h"
#include "base/units.h"
#include "chatcore/conversation/registry.h"
#include "chatcore/llm/backend_statistics.h"
#include "chatcore/memory/budget.h"
#include "chatcore/process_reading.h"
#include "chatcore/storage/store.h"

namespace chatcore {

// What a scrape reads from the other parts.
struct Readings {
  conversation::Usage conversations;
  memory::Balance memory;
  std::optional<double> memory_ratio;  // PressureController::ratio()
  std::size_t turns_at_work = 0;
  std::size_t turns_at_work_limit = 0;
  storage::StoreStatistics storage;
  std::optional<llm::BackendStatistics> backend = {};  // absent when answers are made here
  std::uint64_t vector_store_loads = 0;
  std::uint64_t vector_store_failed_loads = 0;
  std::uint64_t vector_search_failures = 0;
  std::size_t vector_store_chunks = 0;
  std::size_t vector_store_bytes = 0;
  std::size_t vector_index_bytes = 0;
  std::uint64_t sweeps = 0;
  std::optional<base::WallTime> last_sweep;  // absent before the first
  base::Duration last_sweep_duration{0};
  std::uint64_t dropped_log_lines = 0;
  ProcessReading process;
};

// Thread-safe.
class Metrics {
 public:
  // `version` and `revision` become labels of chatcore_build_info.
  Metrics(std::string_view version, std::string_view revision);
  ~Metrics();

  void request_began();
  // `route` is a name of the routes table, never a path that a client sent; `status` the HTTP status, 499 when the
  // client left unanswered.
  void request_ended(std::string_view route, int status, base::Duration took);
  // A request turned away before memory was at risk; `reason` from a fixed set.
  void request_shed(std::string_view reason);
  void stream_cancelled();
  // One generation of the answerer; `result` is "ok" or the name of an error code.
  void generation_ended(std::string_view result, base::Duration took);
  // An answer to a smaller prompt, after the backend refused the whole one.
  void prompt_reduced();
  void search_ended(base::Duration took);
  // One summary of what left a conversation's window; `result` from a fixed set.
  void summary_ended(std::string_view result);
  // Counts a conversation, or an unlisted chain of responses, removed from the database because of its age, or because
  // of the database's size.
  void retention_removed(bool is_conversation, bool is_for_size);

  // The whole page in Prometheus' text format, version 0.0.4.
  [[nodiscard]] std::string render(const Readings& readings) const;

 private:
  struct Impl;
  std::unique_ptr<Impl> impl_;
};

}  // namespace chatcore
