#include <algorithm>

#include "base/log.h"
#include "chatcore/api/handlers.h"
#include "chatcore/api/replies.h"
#include "chatcore/api/requests.h"

namespace chatcore::api {

void run_sweep(const ApiParts& parts, const SharedCall& call) {
  parts.sweeper.sweep([call](const conversation::SweepReport& report) { call->json(sweep_json(report)); });
}

void run_shed(const ApiParts& parts, const SharedCall& call) {
  const auto request = parse_shed_request(call->request().body);
  if (!request) return call->refuse(request.error());
  const conversation::Usage before = parts.turn.registry.usage();
  base::Bytes target;
  if (request->target_bytes) {
    target = *request->target_bytes;
  } else {
    // Of the budget, or of what is held now where the budget is off.
    const base::Bytes whole = before.budget.is_unlimited() ? before.bytes : before.budget;
    target = {static_cast<std::int64_t>(static_cast<double>(whole.count) * request->target_ratio->value)};
  }
  parts.sweeper.shed(target, [&parts, call, target, before] {
    const conversation::Usage after = parts.turn.registry.usage();
    parts.return_free_memory();
    base::log_info("Shed conversations from memory", {{"target_bytes", target.count},
                                                      {"before_bytes", before.bytes.count},
                                                      {"after_bytes", after.bytes.count},
                                                      {"conversations", after.conversations}});
    call->json(shed_json(target, before, after));
  });
}

void show_memory(const ApiParts& parts, const SharedCall& call) {
  call->json(memory_json({.conversations = parts.turn.registry.usage(),
                          .balance = parts.budget.balance(),
                          .ratio = parts.pressure_controller.ratio(),
                          .in_flight = parts.admission.bytes_in_flight(),
                          .turns_in_flight = parts.admission.turns_in_flight(),
                          .vector_store_chunks = parts.turn.retriever.chunks(),
                          .vector_store_bytes = parts.turn.retriever.mapped_bytes(),
                          .vector_index_bytes = parts.turn.retriever.graph_bytes(),
                          .process = read_process(),
                          .anonymous = read_anonymous_memory(),
                          .cgroup = read_cgroup()}));
}

void show_backend(const ApiParts& parts, const SharedCall& call) {
  call->json(backend_json(parts.turn.answerer.model(), parts.turn.answerer.statistics()));
}

}  // namespace chatcore::api
