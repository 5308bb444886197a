#include "chatcore/metrics.h"

#include <array>
#include <functional>
#include <initializer_list>
#include <map>
#include <mutex>
#include <string>
#include <utility>
#include <vector>

#include <prometheus/counter.h>
#include <prometheus/gauge.h>
#include <prometheus/histogram.h>
#include <prometheus/registry.h>
#include <prometheus/text_serializer.h>

namespace chatcore {
namespace {

using prometheus::ClientMetric;
using prometheus::MetricFamily;
using prometheus::MetricType;
using Labels = std::vector<ClientMetric::Label>;

// From a page answered out of memory (under 1 ms) to a long streamed answer.
const prometheus::Histogram::BucketBoundaries kRequestSeconds{0.001, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25,
                                                              0.5,   1,     2.5,  5,     10,   30,  60};
const prometheus::Histogram::BucketBoundaries kSearchSeconds{0.0001, 0.0005, 0.001, 0.005, 0.01, 0.05, 0.1, 0.5};

// Builds the families that are read, not counted: one value each, or one for each label value.
class Page {
 public:
  void gauge(const char* name, const char* help, double value, Labels labels = {}) {
    add(name, help, MetricType::Gauge, value, std::move(labels));
  }
  void counter(const char* name, const char* help, double value, Labels labels = {}) {
    add(name, help, MetricType::Counter, value, std::move(labels));
  }
  std::vector<MetricFamily> families;

 private:
  void add(const char* name, const char* help, MetricType type, double value, Labels labels) {
    if (families.empty() || families.back().name != name) families.push_back({name, help, type, {}});
    ClientMetric metric;
    metric.label = std::move(labels);
    if (type == MetricType::Gauge)
      metric.gauge.value = value;
    else
      metric.counter.value = value;
    families.back().metric.push_back(std::move(metric));
  }
};

double number(std::integral auto value) { return static_cast<double>(value); }
double unix_seconds(base::WallTime time) { return base::to_seconds(time.time_since_epoch()); }

void add_conversations(Page& page, const conversation::Usage& usage) {
  page.gauge("chatcore_conversations", "Conversations held in memory.", number(usage.conversations));
  page.gauge("chatcore_conversations_bytes", "Bytes accounted to the conversations in memory.",
             number(usage.bytes.count));
  page.gauge("chatcore_memory_budget_bytes",
             "Bytes that conversations and all that answers them may take; +Inf when unbounded.",
             usage.budget.is_unlimited() ? std::numeric_limits<double>::infinity() : number(usage.budget.count));
  constexpr std::array reasons{"ttl", "budget", "shed", "deleted"};
  for (std::size_t i = 0; i < reasons.size(); ++i) {
    page.counter("chatcore_evictions_total", "Conversations that left memory, by reason.", number(usage.evicted[i]),
                 {{"reason", reasons[i]}});
  }
  page.counter("chatcore_messages_trimmed_total", "Messages that left memory because their conversation grew long.",
               number(usage.messages_trimmed));
}

void add_memory(Page& page, const Readings& readings) {
  for (std::size_t i = 0; i < memory::kAccounts; ++i) {
    page.gauge("chatcore_memory_bytes", "Bytes accounted in the memory budget, by what they are held for.",
               number(readings.memory.held[i].count),
               {{"kind", std::string(name_of(static_cast<memory::Account>(i)))}});
  }
  if (readings.memory_ratio) {
    page.gauge("chatcore_memory_ratio", "Anonymous resident bytes beyond the start for each accounted byte.",
               *readings.memory_ratio);
  }
  page.gauge("chatcore_turns_at_work", "Turns that need processor and storage at this moment.",
             number(readings.turns_at_work));
  page.gauge("chatcore_turns_at_work_limit", "Turns that may do so at once; more are refused.",
             number(readings.turns_at_work_limit));
}

void add_sweeps(Page& page, const Readings& readings) {
  page.counter("chatcore_sweeps_total", "Sweeps for expired conversations.", number(readings.sweeps));
  if (!readings.last_sweep) return;
  page.gauge("chatcore_sweep_last_timestamp_seconds", "When the last sweep ended, in Unix time.",
             unix_seconds(*readings.last_sweep));
  page.gauge("chatcore_sweep_duration_seconds", "How long the last sweep took.",
             base::to_seconds(readings.last_sweep_duration));
}

void add_storage(Page& page, const storage::StoreStatistics& storage) {
  constexpr const char* kConnections = "chatcore_database_connections";
  constexpr const char* kConnectionsHelp = "Open database connections, by what they do.";
  const std::size_t busy = std::min(storage.connections_busy, storage.connections_open);
  page.gauge(kConnections, kConnectionsHelp, number(busy), {{"state", "busy"}});
  page.gauge(kConnections, kConnectionsHelp, number(storage.connections_open - busy), {{"state", "idle"}});
  page.counter("chatcore_database_connects_total", "Database connections opened since the start.",
               number(storage.connects_total));
  page.counter("chatcore_database_errors_total", "Database operations that failed.", number(storage.errors_total));
  constexpr const char* kFailing = "chatcore_database_failing";
  constexpr const char* kFailingHelp =
      "1 from the first operation that the database failed to the first that it did not.";
  page.gauge(kFailing, kFailingHelp, storage.reads_fail ? 1 : 0, {{"operation", "read"}});
  page.gauge(kFailing, kFailingHelp, storage.writes_fail ? 1 : 0, {{"operation", "write"}});
  page.counter("chatcore_database_commits_total", "Groups of writes committed together.",
               number(storage.commits_total));
  page.counter("chatcore_database_retries_total", "Groups of writes run again after a deadlock.",
               number(storage.retries_total));
  page.counter("chatcore_database_appends_total", "Messages stored.", number(storage.appends_total));
  page.gauge("chatcore_database_writes_waiting", "Writes waiting for their commit.", number(storage.writes_waiting));
}

void add_backend(Page& page, const llm::BackendStatistics& backend) {
  page.gauge("chatcore_backend_streams", "Answers of the backend under way.", number(backend.streams));
  page.gauge("chatcore_backend_waiting", "Prompts waiting for a place among them.", number(backend.waiting));
  page.counter("chatcore_backend_retries_total", "Requests sent to the backend again.", number(backend.retries_total));
  page.counter("chatcore_backend_connects_total", "Connections to the backend made.", number(backend.connects_total));
  if (backend.learned.context_tokens) {
    page.gauge("chatcore_backend_context_tokens",
               "Length of the model's context, in tokens, learned from refusals of longer prompts.",
               number(*backend.learned.context_tokens));
  }
  for (const auto state : {llm::BreakerState::closed, llm::BreakerState::open, llm::BreakerState::half_open}) {
    page.gauge("chatcore_backend_breaker_state", "1 for the state that the backend's circuit breaker is in.",
               state == backend.breaker ? 1 : 0, {{"state", std::string(name_of(state))}});
  }
}

void add_process(Page& page, const ProcessReading& process) {
  if (process.cpu) {
    page.counter("process_cpu_seconds_total", "User and system CPU time spent.", base::to_seconds(*process.cpu));
  }
  if (process.resident)
    page.gauge("process_resident_memory_bytes", "Resident memory.", number(process.resident->count));
  if (process.virtual_memory) {
    page.gauge("process_virtual_memory_bytes", "Virtual memory.", number(process.virtual_memory->count));
  }
  if (process.started) {
    page.gauge("process_start_time_seconds", "When the process started, in Unix time.", unix_seconds(*process.started));
  }
  if (process.open_files) page.gauge("process_open_fds", "Open file descriptors.", number(*process.open_files));
  if (process.max_files) page.gauge("process_max_fds", "Open file descriptors allowed.", number(*process.max_files));
  if (process.threads) page.gauge("process_threads", "Threads.", number(*process.threads));
}

}  // namespace

struct Metrics::Impl {
  prometheus::Registry registry;
  prometheus::Family<prometheus::Counter>& requests =
      prometheus::BuildCounter().Name("chatcore_requests_total").Help("HTTP requests answered.").Register(registry);
  prometheus::Family<prometheus::Histogram>& request_seconds = prometheus::BuildHistogram()
                                                                   .Name("chatcore_request_duration_seconds")
                                                                   .Help("Time to the end of the answer.")
                                                                   .Register(registry);
  prometheus::Gauge& in_flight = prometheus::BuildGauge()
                                     .Name("chatcore_requests_in_flight")
                                     .Help("HTTP requests being answered.")
                                     .Register(registry)
                                     .Add({});
  prometheus::Family<prometheus::Counter>& shed = prometheus::BuildCounter()
                                                      .Name("chatcore_requests_shed_total")
                                                      .Help("Requests turned away to stay within bounds, by reason.")
                                                      .Register(registry);
  prometheus::Counter& cancelled = prometheus::BuildCounter()
                                       .Name("chatcore_streams_cancelled_total")
                                       .Help("Answers cut short because the client left.")
                                       .Register(registry)
                                       .Add({});
  prometheus::Family<prometheus::Counter>& generations = prometheus::BuildCounter()
                                                             .Name("chatcore_backend_requests_total")
                                                             .Help("Generations of the answerer, by result.")
                                                             .Register(registry);
  prometheus::Histogram& generation_seconds = prometheus::BuildHistogram()
                                                  .Name("chatcore_backend_duration_seconds")
                                                  .Help("Time from a prompt to the end of its answer.")
                                                  .Register(registry)
                                                  .Add({}, kRequestSeconds);
  prometheus::Counter& reduced =
      prometheus::BuildCounter()
          .Name("chatcore_reduced_prompts_total")
          .Help("Answers to a reduced prompt, after the full prompt was rejected, failed or was filtered.")
          .Register(registry)
          .Add({});
  prometheus::Family<prometheus::Counter>& summaries =
      prometheus::BuildCounter()
          .Name("chatcore_summaries_total")
          .Help("Summaries of what left a conversation's window, by result.")
          .Register(registry);
  prometheus::Family<prometheus::Counter>& retention =
      prometheus::BuildCounter()
          .Name("chatcore_retention_removed_total")
          .Help("Conversations, and responses without one, removed from the database by retention.")
          .Register(registry);
  prometheus::Histogram& search_seconds = prometheus::BuildHistogram()
                                              .Name("chatcore_vector_search_duration_seconds")
                                              .Help("Time to find the passages for one question.")
                                              .Register(registry)
                                              .Add({}, kSearchSeconds);

  struct RequestSeries {
    prometheus::Counter* count = nullptr;
    prometheus::Histogram* seconds = nullptr;
  };

  RequestSeries series_of(std::string_view route, int status) {
    const std::lock_guard lock(mutex);
    auto of_route = request_series.find(route);
    if (of_route == request_series.end()) of_route = request_series.try_emplace(std::string(route)).first;
    auto& known = of_route->second[status];
    if (known.count == nullptr) {
      known = {&requests.Add({{"route", std::string(route)}, {"code", std::to_string(status)}}),
               &request_seconds.Add({{"route", std::string(route)}}, kRequestSeconds)};
    }
    return known;
  }

  prometheus::Counter& shed_by(std::string_view reason) {
    const std::lock_guard lock(mutex);
    const auto found = shed_series.find(reason);
    if (found != shed_series.end()) return *found->second;
    return *shed_series.try_emplace(std::string(reason), &shed.Add({{"reason", std::string(reason)}})).first->second;
  }

  // To find a series by its labels takes the library longer than all else that is done for a request turned away.
  std::mutex mutex;
  std::map<std::string, std::map<int, RequestSeries>, std::less<>> request_series;
  std::map<std::string, prometheus::Counter*, std::less<>> shed_series;
};

Metrics::Metrics(std::string_view version, std::string_view revision) : impl_(std::make_unique<Impl>()) {
  prometheus::BuildGauge()
      .Name("chatcore_build_info")
      .Help("Always 1; the labels say what runs.")
      .Register(impl_->registry)
      .Add({{"version", std::string(version)}, {"revision", std::string(revision)}})
      .Set(1);
  // A counter that is absent until its first event cannot be alerted on.
  for (const char* reason :
       {"turns", "bytes", "memory", "concurrency", "drain", "rate_limit_exceeded", "too_many_streams"})
    impl_->shed.Add({{"reason", reason}});
  impl_->generations.Add({{"result", "ok"}});
  for (const char* result : {"ok", "failed", "outdated", "skipped", "cancelled"}) {
    impl_->summaries.Add({{"result", result}});
  }
  for (const char* kind : {"conversation", "response"}) {
    for (const char* reason : {"age", "size"}) impl_->retention.Add({{"kind", kind}, {"reason", reason}});
  }
}

Metrics::~Metrics() = default;

void Metrics::request_began() { impl_->in_flight.Increment(); }

void Metrics::request_ended(std::string_view route, int status, base::Duration took) {
  impl_->in_flight.Decrement();
  const auto [count, seconds] = impl_->series_of(route, status);
  count->Increment();
  seconds->Observe(base::to_seconds(took));
}

void Metrics::request_shed(std::string_view reason) { impl_->shed_by(reason).Increment(); }

void Metrics::stream_cancelled() { impl_->cancelled.Increment(); }

void Metrics::generation_ended(std::string_view result, base::Duration took) {
  impl_->generations.Add({{"result", std::string(result)}}).Increment();
  impl_->generation_seconds.Observe(base::to_seconds(took));
}

void Metrics::prompt_reduced() { impl_->reduced.Increment(); }

void Metrics::search_ended(base::Duration took) { impl_->search_seconds.Observe(base::to_seconds(took)); }

void Metrics::summary_ended(std::string_view result) {
  impl_->summaries.Add({{"result", std::string(result)}}).Increment();
}

void Metrics::retention_removed(bool is_conversation, bool is_for_size) {
  impl_->retention
      .Add({{"kind", is_conversation ? "conversation" : "response"}, {"reason", is_for_size ? "size" : "age"}})
      .Increment();
}

std::string Metrics::render(const Readings& readings) const {
  Page page;
  page.families = impl_->registry.Collect();
  add_conversations(page, readings.conversations);
  add_memory(page, readings);
  add_sweeps(page, readings);
  page.counter("chatcore_vector_store_loads_total", "Times the vector store was read from disk.",
               number(readings.vector_store_loads));
  page.counter("chatcore_vector_store_load_failures_total", "Vector store files that were read and not taken.",
               number(readings.vector_store_failed_loads));
  page.counter("chatcore_vector_search_failures_total", "Questions without passages because the embedder failed.",
               number(readings.vector_search_failures));
  page.gauge("chatcore_vector_store_chunks", "Chunks in the vector store.", number(readings.vector_store_chunks));
  page.gauge("chatcore_vector_store_mapped_bytes", "The vector store file in the address space; page cache.",
             number(readings.vector_store_bytes));
  page.gauge("chatcore_vector_store_index_bytes", "Of the mapped bytes, the index (HNSW); 0: every search is exact.",
             number(readings.vector_index_bytes));
  add_storage(page, readings.storage);
  if (readings.backend) add_backend(page, *readings.backend);
  page.counter("chatcore_log_dropped_lines_total", "Log lines lost to a full queue.",
               number(readings.dropped_log_lines));
  add_process(page, readings.process);
  return prometheus::TextSerializer().Serialize(page.families);
}

}  // namespace chatcore
