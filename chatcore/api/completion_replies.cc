#include "chatcore/api/completion_replies.h"

#include <utility>

#include "chatcore/api/delta_merge.h"
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
  if (result.cut) return "length";
  return result.calls_tools ? "tool_calls" : "stop";
}

OrderedJson parsed(std::string_view object) {
  auto document = OrderedJson::parse(object, nullptr, false);
  return document.is_object() ? document : OrderedJson::object();
}

// Gives each call that begins here an id if the backend has sent none: clients need it to send the output. The same for
// each delta of one call. `fields` are a delta's or a message's.
void add_call_ids(const CompletionHead& head, OrderedJson& fields) {
  const auto calls = fields.find("tool_calls");
  if (calls == fields.end() || !calls->is_array()) return;
  std::size_t position = 0;
  for (auto& call : *calls) {
    const std::size_t index = call.value("index", position++);
    const auto function = call.find("function");
    const bool begins = function != call.end() && function->is_object() && function->contains("name");
    const auto id = call.find("id");
    if (begins && (id == call.end() || *id == ""))
      call["id"] = "call_" + head.id.substr(head.id.find('-') + 1) + "_" + std::to_string(index);
  }
}

// A function without parameters: some backends send no arguments, which clients cannot parse.
void add_missing_arguments(OrderedJson& fields) {
  const auto calls = fields.find("tool_calls");
  if (calls == fields.end() || !calls->is_array()) return;
  for (auto& call : *calls) {
    const auto function = call.find("function");
    if (function == call.end() || !function->is_object()) continue;
    const auto arguments = function->find("arguments");
    if (arguments == function->end() || *arguments == "") (*function)["arguments"] = "{}";
  }
}

OrderedJson message_of(const CompletionHead& head, const CompletionAnswer& answer) {
  OrderedJson fields = merged_deltas(answer.fields);
  add_call_ids(head, fields);
  add_missing_arguments(fields);
  const bool says_nothing = answer.text.empty() && (!fields.empty() || !answer.refusal.empty());
  OrderedJson message{{"role", "assistant"},
                      {"content", says_nothing ? OrderedJson() : OrderedJson(answer.text)},
                      {"refusal", answer.refusal.empty() ? OrderedJson() : OrderedJson(answer.refusal)}};
  if (!answer.reasoning.empty()) message[std::string(name_of(answer.reasoning_name))] = answer.reasoning;
  message.update(fields);
  return message;
}

OrderedJson completion_of(const CompletionHead& head, const char* object) {
  return {{"id", head.id}, {"object", object}, {"created", unix_seconds(head.created)}, {"model", head.model}};
}

const char* chunk_object(const CompletionHead& head) {
  return head.is_text ? "text_completion" : "chat.completion.chunk";
}

OrderedJson text_choices(std::string_view text, OrderedJson reason) {
  return OrderedJson::array(
      {{{"text", text}, {"index", 0}, {"logprobs", nullptr}, {"finish_reason", std::move(reason)}}});
}

OrderedJson chunk_choices(const CompletionHead& head, OrderedJson delta, OrderedJson reason) {
  if (head.is_text) return text_choices(delta.value("content", ""), std::move(reason));
  return OrderedJson::array(
      {{{"index", 0}, {"delta", std::move(delta)}, {"logprobs", nullptr}, {"finish_reason", std::move(reason)}}});
}

std::string chunk_event(const CompletionHead& head, OrderedJson delta, OrderedJson reason) {
  OrderedJson chunk = completion_of(head, chunk_object(head));
  chunk["choices"] = chunk_choices(head, std::move(delta), std::move(reason));
  if (head.counts_tokens) chunk["usage"] = nullptr;
  return event_of(chunk);
}

OrderedJson model_object(std::string_view model, base::WallTime since) {
  return {{"id", model}, {"object", "model"}, {"created", unix_seconds(since)}, {"owned_by", "chatcore"}};
}

}  // namespace

void CompletionAnswer::add(llm::AnswerPart part, std::string_view piece) {
  switch (part) {
    case llm::AnswerPart::text: text += piece; break;
    case llm::AnswerPart::refusal: refusal += piece; break;
    case llm::AnswerPart::fields: fields.emplace_back(piece); break;
    case llm::AnswerPart::reasoning_content:
    case llm::AnswerPart::reasoning:
      reasoning_name = part;
      reasoning += piece;
      break;
  }
}

std::string completion_json(const CompletionHead& head, const CompletionAnswer& answer, const TurnResult& result) {
  OrderedJson completion = completion_of(head, head.is_text ? "text_completion" : "chat.completion");
  completion["choices"] = head.is_text ? text_choices(answer.text, finish_reason(result))
                                       : OrderedJson::array({{{"index", 0},
                                                              {"message", message_of(head, answer)},
                                                              {"logprobs", nullptr},
                                                              {"finish_reason", finish_reason(result)}}});
  completion["usage"] = usage_of(result);
  return text_of(completion);
}

std::string completion_role_event(const CompletionHead& head) {
  return head.is_text ? "" : chunk_event(head, {{"role", "assistant"}, {"content", ""}}, nullptr);
}

std::string completion_text_event(const CompletionHead& head, std::string_view text) {
  return chunk_event(head, {{"content", text}}, nullptr);
}

std::string completion_part_event(const CompletionHead& head, llm::AnswerPart part, std::string_view piece) {
  if (head.is_text) return "";
  if (part == llm::AnswerPart::fields) {
    OrderedJson delta = parsed(piece);
    add_call_ids(head, delta);
    return chunk_event(head, std::move(delta), nullptr);
  }
  return chunk_event(head, {{std::string(name_of(part)), piece}}, nullptr);
}

std::string completion_finish_event(const CompletionHead& head, const TurnResult& result) {
  return chunk_event(head, OrderedJson::object(), finish_reason(result));
}

std::string completion_usage_event(const CompletionHead& head, const TurnResult& result) {
  OrderedJson chunk = completion_of(head, chunk_object(head));
  chunk["choices"] = OrderedJson::array();
  chunk["usage"] = usage_of(result);
  return event_of(chunk);
}

std::string model_json(std::string_view model, base::WallTime since) { return text_of(model_object(model, since)); }

std::string models_json(std::string_view model, base::WallTime since) {
  return text_of({{"object", "list"}, {"data", OrderedJson::array({model_object(model, since)})}});
}

}  // namespace chatcore::api
