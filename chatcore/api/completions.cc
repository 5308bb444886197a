#include <utility>

#include "chatcore/api/completion_replies.h"
#include "chatcore/api/completion_requests.h"
#include "chatcore/api/handlers.h"
#include "chatcore/api/random_id.h"

namespace chatcore::api {
namespace {

constexpr base::Bytes kTurnOverhead = base::kibibytes(16);

// A completion that is sent as it comes.
TurnEvents streamed(const ApiParts& parts, const SharedCall& call, const CompletionHead& head) {
  auto begun = std::make_shared<bool>(false);
  return {.on_begin =
              [&parts, call, head, begun](std::int64_t /*answer_sequence*/) {
                *begun = true;
                begin_events(parts, call);
                call->write(completion_role_event(head));
              },
          .on_text = [call, head](std::string_view text) { return call->write(completion_text_event(head, text)); },
          .on_end =
              [call, head, begun](const TurnResult& result) {
                if (!*begun) return call->refuse(call->problem_of(result.status.error()));
                if (result.status) {
                  call->write(completion_finish_event(head, result));
                  if (head.counts_tokens) call->write(completion_usage_event(head, result));
                  call->write(std::string(kCompletionDone));
                } else {
                  call->write("data: " + error_json(call->problem_of(result.status.error())) + "\n\n");
                }
                call->finish();
              },
          .on_part = [call, head](
                         llm::AnswerPart part,
                         std::string_view piece) { return call->write(completion_part_event(head, part, piece)); }};
}

// A completion that is sent when it is whole. Nothing queues at the client meanwhile, so it is never paused.
TurnEvents whole(const SharedCall& call, const CompletionHead& head) {
  auto answer = std::make_shared<CompletionAnswer>();
  const auto add = [answer](llm::AnswerPart part, std::string_view piece) {
    answer->add(part, piece);
    return std::size_t{0};
  };
  return {.on_begin = [](std::int64_t /*answer_sequence*/) {},
          .on_text = [add](std::string_view piece) { return add(llm::AnswerPart::text, piece); },
          .on_end =
              [call, head, answer](const TurnResult& result) {
                if (result.status)
                  call->json(completion_json(head, *answer, result));
                else
                  call->refuse(call->problem_of(result.status.error()));
              },
          .on_part = add};
}

void answer(const ApiParts& parts, const SharedCall& call, Parsed<CompletionRequest> request, bool is_text) {
  if (!request) return call->refuse(request.error());
  // The body is held, and beside it what of it is passed on.
  auto size = static_cast<std::int64_t>(call->request().body.size() + request->passed_on.fields.size() +
                                        request->passed_on.suffix.size());
  for (const auto& message : request->passed_on.messages) size += static_cast<std::int64_t>(message.size());
  auto permit = admit(parts, base::Bytes{size} + kTurnOverhead, false);
  if (!permit) return call->refuse(permit.error());

  const CompletionHead head{.id = random_id(is_text ? "cmpl-" : "chatcmpl-"),
                            .model = std::string(parts.turn.answerer.model()),
                            .created = parts.clock.wall_now(),
                            .is_text = is_text,
                            .counts_tokens = request->stream && request->include_usage};
  const auto turn = Turn::begin(parts.turn, std::move(*permit),
                                {.conversation = std::nullopt,
                                 .messages = std::move(request->messages),
                                 .max_tokens = request->max_tokens,
                                 .sampling = request->sampling,
                                 .stop = std::move(request->stop),
                                 .passed_on = std::move(request->passed_on),
                                 .takes_fields = !is_text,
                                 .takes_refusals = !is_text,
                                 .user = call->user()},
                                request->stream ? streamed(parts, call, head) : whole(call, head));
  bind_client(call, turn);
}

}  // namespace

void answer_completion(const ApiParts& parts, const SharedCall& call) {
  answer(parts, call, parse_completion_request(call->request().body, parts.turn.answerer.passes_on()), false);
}

void answer_text_completion(const ApiParts& parts, const SharedCall& call) {
  answer(parts, call, parse_text_completion_request(call->request().body, parts.turn.answerer.passes_on()), true);
}

void show_model(const ApiParts& parts, const SharedCall& call) {
  const std::string name = call->path_value("model");
  if (name == parts.turn.answerer.model()) return call->json(model_json(name, parts.started));
  call->refuse({.status = 404, .message = "The model does not exist", .code = "model_not_found", .param = "model"});
}

void list_models(const ApiParts& parts, const SharedCall& call) {
  call->json(models_json(parts.turn.answerer.model(), parts.started));
}

}  // namespace chatcore::api
