#include <chrono>
#include <memory>
#include <string>
#include <utility>

#include "base/log.h"
#include "chatcore/api/handlers.h"
#include "chatcore/storage/outage.h"

namespace chatcore::api {
namespace {

base::HttpResponse plain(int status, std::string text) {
  return {.status = status, .headers = {{"content-type", "text/plain; charset=utf-8"}}, .body = std::move(text)};
}

}  // namespace

void show_metrics(const ApiParts& parts, const SharedCall& call) {
  const auto sweeper = parts.sweeper.statistics();
  const Readings readings{.conversations = parts.turn.registry.usage(),
                          .memory = parts.budget.balance(),
                          .memory_ratio = parts.pressure_controller.ratio(),
                          .turns_at_work = parts.admission.turns_at_work(),
                          .turns_at_work_limit = parts.admission.at_work_limit(),
                          .storage = parts.turn.store.statistics(),
                          .backend = parts.turn.answerer.statistics(),
                          .vector_store_loads = parts.turn.retriever.loads(),
                          .vector_store_failed_loads = parts.turn.retriever.failed_loads(),
                          .vector_search_failures = parts.turn.retriever.failed_questions(),
                          .vector_store_chunks = parts.turn.retriever.chunks(),
                          .vector_store_bytes = parts.turn.retriever.mapped_bytes(),
                          .vector_index_bytes = parts.turn.retriever.graph_bytes(),
                          .sweeps = sweeper.sweeps_total,
                          .last_sweep = sweeper.last_finished,
                          .last_sweep_duration = sweeper.last_took,
                          .dropped_log_lines = base::dropped_log_lines(),
                          .process = read_process()};
  call->respond({.status = 200,
                 .headers = {{"content-type", "text/plain; version=0.0.4; charset=utf-8"}},
                 .body = parts.turn.metrics.render(readings)});
}

void show_health(const ApiParts& /*parts*/, const SharedCall& call) { call->respond(plain(200, "healthy\n")); }

namespace {

// How long the database may take before the instance counts as not ready. A load balancer's probe often waits one
// second.
constexpr std::chrono::milliseconds kReadyPatience{800};

// Answers a readiness probe once: with the database's result, or with a timeout, whichever comes first.
struct ReadyProbe {
  explicit ReadyProbe(SharedCall its_call) : call(std::move(its_call)) {}
  SharedCall call;
  base::Pending timer;
  bool is_answered = false;

  void answer(int status, std::string text) {
    if (std::exchange(is_answered, true)) return;
    timer.cancel();
    call->respond(plain(status, std::move(text)));
  }
};

const char* text_of_write_error(const base::Error& error) {
  if (storage::is_full_disk(error)) return "the database cannot be written: its disk is full\n";
  return error.code == base::Code::exhausted ? "the database cannot be written: its write queue is full\n"
                                             : "the database cannot be written: see the log\n";
}

}  // namespace

// Ready means that the database can be read and written, so that a load balancer uses an instance that can do both.
// Everything here runs on the call's I/O thread.
void show_ready(const ApiParts& parts, const SharedCall& call) {
  if (parts.admission.is_draining()) return call->respond(plain(503, "draining\n"));
  const auto probe = std::make_shared<ReadyProbe>(call);
  probe->timer = parts.turn.loop.after(
      kReadyPatience, [probe] { probe->answer(503, "the database does not answer in time: check its disk\n"); });
  const auto check_write = [&parts, probe] {
    parts.turn.store.check_write(on_loop(parts, [probe](const base::Status& status) {
      if (status) return probe->answer(200, "ready\n");
      probe->answer(503, text_of_write_error(status.error()));
    }));
  };
  const auto check_read = [check_write, probe](const auto& answer) {
    if (!answer) return probe->answer(503, "the database cannot be read: see the log\n");
    check_write();
  };
  parts.turn.store.describe({}, on_loop(parts, check_read));
}

}  // namespace chatcore::api
