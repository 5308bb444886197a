#include <string>
#include <utility>

#include "chatcore/api/handlers.h"

namespace chatcore::api {

Parsed<std::unique_ptr<Admission::Permit>> admit(const ApiParts& parts, base::Bytes bytes, bool in_registry) {
  auto permit = parts.admission.enter(bytes);
  if (!permit) {
    parts.turn.metrics.request_shed(name_of(permit.error()));
    return tl::unexpected(problem_of(permit.error()));
  }
  if (in_registry) {
    if (const auto room = parts.turn.registry.admit(bytes); !room) {
      parts.turn.metrics.request_shed("memory");
      return tl::unexpected(problem_of(room.error()));
    }
  }
  return std::move(*permit);
}

bool hold(const ApiParts& parts, const SharedCall& call, Admission::Permit& place,
          const std::vector<conversation::Message>& messages) {
  std::int64_t bytes = 0;
  for (const auto& message : messages) bytes += static_cast<std::int64_t>(message.content.size());
  if (place.grow({2 * bytes})) return true;
  parts.turn.metrics.request_shed("memory");
  call->refuse(problem_of(base::Error{base::Code::exhausted, "no room for the messages that were read"}));
  return false;
}

void begin_events(const ApiParts& parts, const SharedCall& call, base::HttpHeaders headers) {
  call->start_events(std::move(headers));
  if (!parts.turn.answerer.is_cpu_bound()) Call::keep_alive(call, parts.turn.loop);
}

void bind_client(const SharedCall& call, const std::shared_ptr<Turn>& turn) {
  // The exchange keeps these callbacks until it has been answered: they must not keep the turn, which keeps it.
  call->on_drained([weak = std::weak_ptr(turn)] {
    if (const auto running = weak.lock()) running->client_caught_up();
  });
  call->on_closed([weak = std::weak_ptr(turn)] {
    if (const auto running = weak.lock()) running->client_left();
  });
}

}  // namespace chatcore::api
