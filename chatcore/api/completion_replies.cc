#include "chatcore/api/completion_replies.h"

#include <algorithm>
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
  if (result.cut) return "length";
  return result.calls_tools ? "tool_calls" : "stop";
}

OrderedJson parsed(std::string_view object) {
  auto document = OrderedJson::parse(object, nullptr, false);
  return document.is_object() ? document : OrderedJson::object();
}

void put_together(OrderedJson& whole, const OrderedJson& delta);

// Entries with the same index are merged; an entry without an index is added.
void put_lists_together(OrderedJson& whole, const OrderedJson& delta) {
  for (const auto& entry : delta) {
    const auto index = entry.is_object() ? entry.find("index") : entry.end();
    const auto known =
        index == entry.end() ? whole.end() : std::find_if(whole.begin(), whole.end(), [&](const OrderedJson& other) {
          return other.is_object() && other.contains("index") && other["index"] == *index;
        });
    if (known == whole.end())
      whole.push_back(entry);
    else
      put_together(*known, entry);
  }
}

// Merges deltas into a message as OpenAI's own clients do. Some backends repeat a call's name and id in each delta.
void put_together(OrderedJson& whole, const OrderedJson& delta) {
  for (const auto& [name, value] : delta.items()) {
    auto& place = whole[name];
    const bool is_word = name == "id" || name == "type" || name == "index" || (name == "name" && place == value);
    if (place.is_null() || (is_word && value != ""))
      place = value;
    else if (is_word)
      continue;
    else if (place.is_string() && value.is_string())
      place.get_ref<std::string&>() += value.get_ref<const std::string&>();
    else if (place.is_object() && value.is_object())
      put_together(place, value);
    else if (place.is_array() && value.is_array())
      put_lists_together(place, value);
    else
      place = value;
  }
}

// {} when the answer is text alone.
OrderedJson fields_of(const std::vector<std::string>& deltas) {
  OrderedJson fields = OrderedJson::object();
  for (const auto& delta : deltas) {
    // Also for the first delta: entries of one list may have to be merged.
    OrderedJson merged = parsed(delta);
    for (auto& [name, value] : merged.items()) {
      if (value.is_array() && !fields.contains(name)) fields[name] = OrderedJson::array();
    }
    put_together(fields, merged);
  }
  if (!fields.contains("tool_calls")) return fields;
  for (auto& call : fields["tool_calls"]) {
    if (!call.is_object()) continue;
    call.erase("index");
    if (!call.contains("type")) call["type"] = "function";
  }
  return fields;
}

OrderedJson message_of(const CompletionAnswer& answer) {
  OrderedJson fields = fields_of(answer.fields);
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
                                                              {"message", message_of(answer)},
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
  if (part == llm::AnswerPart::fields) return chunk_event(head, parsed(piece), nullptr);
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
