#include "chatcore/api/completion_replies.h"

#include <utility>

#include "chatcore/api/json_writer.h"

namespace chatcore::api {
namespace {

OrderedJson usage_of(const TurnResult& result) {
  return {{"prompt_tokens", result.prompt_tokens},
          {"completion_tokens", result.answer_tokens},
          {"total_tokens", result.prompt_tokens + result.answer_tokens}};
}

const char* finish_reason(const TurnResult& result) {
  if (result.filtered) return "content_filter";
  return result.cut ? "length" : "stop";
}

OrderedJson completion_of(const CompletionHead& head, const char* object) {
  return {{"id", head.id}, {"object", object}, {"created", unix_seconds(head.created)}, {"model", head.model}};
}

std::string chunk_event(const CompletionHead& head, OrderedJson delta, OrderedJson reason) {
  OrderedJson chunk = completion_of(head, "chat.completion.chunk");
  chunk["choices"] = OrderedJson::array(
      {{{"index", 0}, {"delta", std::move(delta)}, {"logprobs", nullptr}, {"finish_reason", std::move(reason)}}});
  if (head.counts_tokens) chunk["usage"] = nullptr;
  return event_of(chunk);
}

OrderedJson model_object(std::string_view model, base::WallTime since) {
  return {{"id", model}, {"object", "model"}, {"created", unix_seconds(since)}, {"owned_by", "chatcore"}};
}

}  // namespace

std::string completion_json(const CompletionHead& head, std::string_view text, const TurnResult& result) {
  OrderedJson completion = completion_of(head, "chat.completion");
  completion["choices"] =
      OrderedJson::array({{{"index", 0},
                           {"message", {{"role", "assistant"}, {"content", text}, {"refusal", nullptr}}},
                           {"logprobs", nullptr},
                           {"finish_reason", finish_reason(result)}}});
  completion["usage"] = usage_of(result);
  return text_of(completion);
}

std::string completion_role_event(const CompletionHead& head) {
  return chunk_event(head, {{"role", "assistant"}, {"content", ""}}, nullptr);
}

std::string completion_text_event(const CompletionHead& head, std::string_view text) {
  return chunk_event(head, {{"content", text}}, nullptr);
}

std::string completion_finish_event(const CompletionHead& head, const TurnResult& result) {
  return chunk_event(head, OrderedJson::object(), finish_reason(result));
}

std::string completion_usage_event(const CompletionHead& head, const TurnResult& result) {
  OrderedJson chunk = completion_of(head, "chat.completion.chunk");
  chunk["choices"] = OrderedJson::array();
  chunk["usage"] = usage_of(result);
  return event_of(chunk);
}

std::string model_json(std::string_view model, base::WallTime since) { return text_of(model_object(model, since)); }

std::string models_json(std::string_view model, base::WallTime since) {
  return text_of({{"object", "list"}, {"data", OrderedJson::array({model_object(model, since)})}});
}

}  // namespace chatcore::api
