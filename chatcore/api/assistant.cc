#include <utility>

#include "chatcore/api/handlers.h"
#include "chatcore/api/random_id.h"
#include "chatcore/api/replies.h"
#include "chatcore/api/requests.h"

namespace chatcore::api {
namespace {

// What a turn holds besides its texts: its own state, the exchange, a prompt's chunks.
constexpr base::Bytes kTurnOverhead = base::kibibytes(16);

// A header is ASCII by custom, an id any text: what is not printable ASCII is percent-encoded, and '%' with it.
std::string header_text(std::string_view id) {
  constexpr std::string_view kDigits = "0123456789ABCDEF";
  std::string text;
  for (const char c : id) {
    const auto byte = static_cast<unsigned char>(c);
    if (byte > 0x20 && byte < 0x7F && c != '%') {
      text += c;
    } else {
      text += {'%', kDigits[byte >> 4U], kDigits[byte & 15U]};
    }
  }
  return text;
}

void end_answer(Metrics& metrics, Call& call, bool begun, const std::string& id, const TurnResult& result) {
  if (result.status) {
    call.write(assistant_end_event(id, result.sequence, result.cut || result.filtered));
    return call.finish();
  }
  if (is_out_of_memory(result.status.error())) metrics.request_shed("memory");
  const Problem problem = call.problem_of(result.status.error());
  if (!begun) {
    // The question may be stored: who asks again under this id does not begin another conversation with it.
    auto response = response_of(problem);
    response.headers.emplace_back("x-conversation-id", header_text(id));
    return call.respond(std::move(response));
  }
  call.write(assistant_error_event(problem));
  call.finish();
}

}  // namespace

void answer_assistant(const ApiParts& parts, const SharedCall& call) {
  auto request = parse_assistant_request(call->request().body);
  if (!request) return call->refuse(request.error());
  const auto size = static_cast<std::int64_t>(request->message.size());
  auto permit = admit(parts, base::Bytes{size} + kTurnOverhead, true);
  if (!permit) return call->refuse(permit.error());

  const std::string id = request->conversation_id.empty() ? random_id("conv_") : std::move(request->conversation_id);
  auto begun = std::make_shared<bool>(false);
  const auto turn =
      Turn::begin(parts.turn, std::move(*permit),
                  {.conversation = conversation::ConversationKey{.user = call->user(), .id = id},
                   .messages = {{.role = conversation::Role::user, .content = std::move(request->message)}}},
                  {.on_begin =
                       [&parts, call, id, begun](std::int64_t /*answer_sequence*/) {
                         *begun = true;
                         begin_events(parts, call, {{"x-conversation-id", header_text(id)}});
                       },
                   .on_text = [call](std::string_view text) { return call->write(assistant_text_event(text)); },
                   .on_end = [call, id, begun, &metrics = parts.turn.metrics](
                                 const TurnResult& result) { end_answer(metrics, *call, *begun, id, result); }});
  bind_client(call, turn);
}

}  // namespace chatcore::api
