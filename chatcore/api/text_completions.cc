#include "chatcore/api/text_completions.h"

#include <memory>
#include <utility>

#include "chatcore/api/completion_replies.h"
#include "chatcore/api/handlers.h"
#include "chatcore/api/json_reader.h"
#include "chatcore/api/json_writer.h"
#include "chatcore/api/random_id.h"

namespace chatcore::api {
namespace {

constexpr base::Bytes kTurnOverhead = base::kibibytes(16);
constexpr std::uint64_t kMostTokens = 1'000'000;

std::string read_prompt(JsonReader& reader) {
  const Json* prompt = reader.find("prompt");
  if (prompt == nullptr || !prompt->is_array()) return reader.required_text("prompt");
  if (prompt->size() != 1 || !prompt->front().is_string()) {
    reader.refuse("prompt", "unsupported_parameter", "\"prompt\" must be one text, not tokens or several texts");
    return "";
  }
  const Json one{{"prompt", prompt->front()}};
  return JsonReader(one, "", reader.fault()).required_text("prompt");
}

OrderedJson completion_of(const TextCompletionHead& head, OrderedJson choices) {
  return {{"id", head.id},
          {"object", "text_completion"},
          {"created", unix_seconds(head.created)},
          {"model", head.model},
          {"choices", std::move(choices)}};
}

OrderedJson choice_of(std::string_view text, OrderedJson reason) {
  return OrderedJson::array(
      {{{"index", 0}, {"text", text}, {"logprobs", nullptr}, {"finish_reason", std::move(reason)}}});
}

const char* finish_reason(const TurnResult& result) {
  if (result.filtered) return "content_filter";
  return result.cut ? "length" : "stop";
}

OrderedJson usage_of(const TurnResult& result) {
  return {{"prompt_tokens", result.prompt_tokens},
          {"completion_tokens", result.answer_tokens},
          {"total_tokens", result.prompt_tokens + result.answer_tokens}};
}

TurnEvents streamed(const SharedCall& call, const TextCompletionHead& head, bool counts_tokens) {
  auto begun = std::make_shared<bool>(false);
  return {.on_begin =
              [call, begun](std::int64_t /*answer_sequence*/) {
                *begun = true;
                call->start_events({});
              },
          .on_text = [call, head](std::string_view text) { return call->write(text_completion_event(head, text)); },
          .on_end =
              [call, head, begun, counts_tokens](const TurnResult& result) {
                if (!*begun) return call->refuse(call->problem_of(result.status.error()));
                if (result.status) {
                  call->write(text_completion_end_event(head, result));
                  if (counts_tokens) call->write(text_completion_usage_event(head, result));
                  call->write(std::string(kCompletionDone));
                } else {
                  call->write("data: " + error_json(call->problem_of(result.status.error())) + "\n\n");
                }
                call->finish();
              }};
}

TurnEvents whole(const SharedCall& call, const TextCompletionHead& head) {
  auto text = std::make_shared<std::string>();
  return {.on_begin = [](std::int64_t /*answer_sequence*/) {},
          .on_text =
              [text](std::string_view piece) {
                *text += piece;
                return std::size_t{0};
              },
          .on_end =
              [call, head, text](const TurnResult& result) {
                if (result.status)
                  call->json(text_completion_json(head, *text, result));
                else
                  call->refuse(call->problem_of(result.status.error()));
              }};
}

}  // namespace

Parsed<TextCompletionRequest> parse_text_completion_request(std::string_view body) {
  const auto object = parse_json_object(body);
  if (!object) return tl::unexpected(object.error());
  Fault fault;
  JsonReader reader(*object, "", fault);
  TextCompletionRequest request;
  request.prompt = read_prompt(reader);
  for (const char* name : {"n", "best_of"}) reader.refuse_unsupported(name, {1});
  for (const char* name : {"suffix", "echo", "logprobs", "logit_bias", "stop"}) reader.refuse_unsupported(name);
  (void)reader.text("model");
  request.stream = reader.flag("stream", false);
  if (const Json* options = reader.object("stream_options"))
    request.include_usage = JsonReader(*options, "stream_options", fault).flag("include_usage", false);
  request.max_tokens = reader.whole_number("max_tokens", 1, kMostTokens);
  request.sampling = {.temperature = reader.number("temperature", 0, 2),
                      .top_p = reader.number("top_p", 0, 1),
                      .presence_penalty = reader.number("presence_penalty", -2, 2),
                      .frequency_penalty = reader.number("frequency_penalty", -2, 2)};
  if (fault) return tl::unexpected(*fault);
  return request;
}

std::string text_completion_json(const TextCompletionHead& head, std::string_view text, const TurnResult& result) {
  OrderedJson completion = completion_of(head, choice_of(text, finish_reason(result)));
  completion["usage"] = usage_of(result);
  return text_of(completion);
}

std::string text_completion_event(const TextCompletionHead& head, std::string_view text) {
  return event_of(completion_of(head, choice_of(text, nullptr)));
}

std::string text_completion_end_event(const TextCompletionHead& head, const TurnResult& result) {
  return event_of(completion_of(head, choice_of("", finish_reason(result))));
}

std::string text_completion_usage_event(const TextCompletionHead& head, const TurnResult& result) {
  OrderedJson completion = completion_of(head, OrderedJson::array());
  completion["usage"] = usage_of(result);
  return event_of(completion);
}

void complete_text(const ApiParts& parts, const SharedCall& call) {
  auto request = parse_text_completion_request(call->request().body);
  if (!request) return call->refuse(request.error());
  const auto size = static_cast<std::int64_t>(call->request().body.size());
  auto ticket = admit(parts, base::Bytes{size} + kTurnOverhead, false);
  if (!ticket) return call->refuse(ticket.error());
  const TextCompletionHead head{
      .id = random_id("cmpl-"), .model = std::string(parts.turn.answerer.model()), .created = parts.clock.wall_now()};
  const auto turn = Turn::begin(parts.turn, std::move(*ticket),
                                {.conversation = std::nullopt,
                                 .messages = {{.content = std::move(request->prompt)}},
                                 .max_tokens = request->max_tokens,
                                 .sampling = request->sampling},
                                request->stream ? streamed(call, head, request->include_usage) : whole(call, head));
  bind_client(call, turn);
}

}  // namespace chatcore::api
