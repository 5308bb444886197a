#include "base/log.h"
#include "chatcore/api/handlers.h"

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
                          .memory_ratio = parts.keeper.ratio(),
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

// Asks the database, so that a balancer turns to an instance that can reach it. Any question will do.
void show_ready(const ApiParts& parts, const SharedCall& call) {
  if (parts.admission.is_draining()) return call->respond(plain(503, "draining\n"));
  parts.turn.store.describe(
      {}, on_loop(parts, [call](const auto& answer) {
        call->respond(answer ? plain(200, "ready\n") : plain(503, "the database does not answer\n"));
      }));
}

}  // namespace chatcore::api
