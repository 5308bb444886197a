#include "chatcore/api/response_replies.h"

#include <utility>

#include "chatcore/api/item_writer.h"

namespace chatcore::api {
namespace {

using conversation::Message;
using conversation::Role;

OrderedJson text_or_null(const std::string& text) { return text.empty() ? OrderedJson() : OrderedJson(text); }

OrderedJson object_of(const std::string& text) {
  auto object = OrderedJson::parse(text, nullptr, false);
  return object.is_discarded() ? OrderedJson::object() : object;
}

// A response in which everything but the answer has been filled in.
OrderedJson response_of(const ResponseHead& head, std::string_view status) {
  OrderedJson response{{"id", head.id},
                       {"object", "response"},
                       {"created_at", unix_seconds(head.created)},
                       {"status", status},
                       {"background", false},
                       {"error", nullptr},
                       {"incomplete_details", nullptr},
                       {"instructions", text_or_null(head.instructions)},
                       {"max_output_tokens", nullptr},
                       {"model", head.model},
                       {"output", OrderedJson::array()},
                       {"parallel_tool_calls", head.may_call_functions},
                       {"previous_response_id", text_or_null(head.previous_response_id)},
                       {"conversation", nullptr},
                       {"reasoning", {{"effort", nullptr}, {"summary", nullptr}}},
                       {"store", head.store},
                       {"temperature", head.temperature.value_or(1)},
                       {"text", {{"format", {{"type", "text"}}}}},
                       {"tool_choice", head.may_call_functions ? "auto" : "none"},
                       {"tools", OrderedJson::array()},
                       {"top_p", head.top_p.value_or(1)},
                       {"truncation", "auto"},
                       {"usage", nullptr},
                       {"user", nullptr},
                       {"metadata", object_of(head.metadata)}};
  if (head.max_output_tokens != 0) response["max_output_tokens"] = head.max_output_tokens;
  if (!head.reasoning_summary.empty()) response["reasoning"]["summary"] = head.reasoning_summary;
  if (!head.conversation_id.empty()) response["conversation"] = {{"id", head.conversation_id}};
  return response;
}

OrderedJson usage_of(const TurnResult& result) {
  return {{"input_tokens", result.prompt_tokens},
          {"input_tokens_details", {{"cached_tokens", 0}}},
          {"output_tokens", result.answer_tokens},
          {"output_tokens_details", {{"reasoning_tokens", 0}}},
          {"total_tokens", result.prompt_tokens + result.answer_tokens}};
}

OrderedJson answer_item(std::string_view id, std::string_view text, std::string_view status) {
  return item_of(id, {.role = Role::assistant, .content = std::string(text)}, status);
}

bool is_incomplete(const TurnResult& result) { return result.cut || result.filtered; }

const char* final_status(const TurnResult& result) { return is_incomplete(result) ? "incomplete" : "completed"; }

OrderedJson summary_part(std::string_view text) { return {{"type", "summary_text"}, {"text", text}}; }

OrderedJson reasoning_item(const ReasoningItem& reasoning) {
  OrderedJson item{{"id", reasoning.id}, {"type", "reasoning"}, {"summary", OrderedJson::array()}};
  if (!reasoning.text.empty()) item["summary"].push_back(summary_part(reasoning.text));
  return item;
}

OrderedJson call_item(const FunctionCall& call, std::string_view arguments, std::string_view status) {
  return {{"id", id_of_call(call)}, {"type", "function_call"}, {"status", status},
          {"arguments", arguments}, {"call_id", call.call_id}, {"name", call.name}};
}

OrderedJson final_response(const ResponseHead& head, std::string_view item_id, std::string_view text,
                           const TurnResult& result, const ReasoningItem& reasoning,
                           const std::vector<FunctionCall>& calls) {
  OrderedJson response = response_of(head, final_status(result));
  if (is_incomplete(result)) {
    response["incomplete_details"] = {{"reason", result.filtered ? "content_filter" : "max_output_tokens"}};
  }
  if (!reasoning.id.empty()) response["output"].push_back(reasoning_item(reasoning));
  if (!text.empty() || calls.empty()) {
    response["output"].push_back(answer_item(item_id, text, final_status(result)));
  } else {
    response["store"] = false;
  }
  for (const auto& call : calls) response["output"].push_back(call_item(call, call.arguments, "completed"));
  response["usage"] = usage_of(result);
  return response;
}

// `event: TYPE`, and as data the type, the number and the fields.
std::string typed_event(const std::string& type, std::uint64_t number, const OrderedJson& fields) {
  OrderedJson data{{"type", type}, {"sequence_number", number}};
  data.update(fields);
  return "event: " + type + "\n" + event_of(data);
}

// The fields of an event about the answer's one part, which they name first.
OrderedJson about_part(const std::string& item_id, std::size_t index, const OrderedJson& fields) {
  OrderedJson data{{"item_id", item_id}, {"output_index", index}, {"content_index", 0}};
  data.update(fields);
  return data;
}

OrderedJson about_summary(const std::string& item_id, const OrderedJson& fields) {
  OrderedJson data{{"item_id", item_id}, {"output_index", 0}, {"summary_index", 0}};
  data.update(fields);
  return data;
}

}  // namespace

std::string response_json(const ResponseHead& head, std::string_view item_id, std::string_view text,
                          const TurnResult& result, const ReasoningItem& reasoning,
                          const std::vector<FunctionCall>& calls) {
  return text_of(final_response(head, item_id, text, result, reasoning, calls));
}

std::string stored_response_json(const ResponseHead& head, std::string_view item_id, const Message& answer) {
  OrderedJson response = response_of(head, item_status(answer));
  response["output"].push_back(item_of(item_id, answer, item_status(answer)));
  return text_of(response);
}

std::string response_deleted_json(std::string_view id) {
  return text_of({{"id", id}, {"object", "response"}, {"deleted", true}});
}

std::string input_tokens_json(std::size_t tokens) {
  return text_of({{"object", "response.input_tokens"}, {"input_tokens", tokens}});
}

std::string ResponseEvents::begin(std::string item_id) {
  item_id_ = std::move(item_id);
  const OrderedJson response = response_of(head_, "in_progress");
  std::string events = typed_event("response.created", next_number_++, {{"response", response}});
  events += typed_event("response.in_progress", next_number_++, {{"response", response}});
  // Else it is not known whether the first item is a message.
  if (head_.reasoning_summary.empty() && !head_.may_call_functions) events += begin_message();
  return events;
}

std::string ResponseEvents::begin_message() {
  if (std::exchange(has_message_, true)) return "";
  std::string events = end_reasoning();
  OrderedJson item = answer_item(item_id_, "", "in_progress");
  item["content"] = OrderedJson::array();
  events += typed_event("response.output_item.added", next_number_++,
                        {{"output_index", message_index()}, {"item", std::move(item)}});
  events += typed_event("response.content_part.added", next_number_++,
                        about_part(item_id_, message_index(), {{"part", output_text_part("")}}));
  return events;
}

std::string ResponseEvents::reasoning(std::string_view text, std::string (*make_id)()) {
  if (has_message_) return "";
  std::string events;
  if (reasoning_.id.empty()) {
    reasoning_.id = make_id();
    events += typed_event("response.output_item.added", next_number_++,
                          {{"output_index", 0}, {"item", reasoning_item(reasoning_)}});
    events += typed_event("response.reasoning_summary_part.added", next_number_++,
                          about_summary(reasoning_.id, {{"part", summary_part("")}}));
  }
  reasoning_.text += text;
  events += typed_event("response.reasoning_summary_text.delta", next_number_++,
                        about_summary(reasoning_.id, {{"delta", text}}));
  return events;
}

std::string ResponseEvents::end_reasoning() {
  if (reasoning_.id.empty()) return "";
  std::string events = typed_event("response.reasoning_summary_text.done", next_number_++,
                                   about_summary(reasoning_.id, {{"text", reasoning_.text}}));
  events += typed_event("response.reasoning_summary_part.done", next_number_++,
                        about_summary(reasoning_.id, {{"part", summary_part(reasoning_.text)}}));
  events += typed_event("response.output_item.done", next_number_++,
                        {{"output_index", 0}, {"item", reasoning_item(reasoning_)}});
  return events;
}

std::string ResponseEvents::delta(std::string_view text) {
  text_ += text;
  std::string events = begin_message();
  events += typed_event("response.output_text.delta", next_number_++,
                        about_part(item_id_, message_index(), {{"delta", text}, {"logprobs", OrderedJson::array()}}));
  return events;
}

std::string ResponseEvents::end_message(const TurnResult& result) {
  const std::string status = final_status(result);
  std::string events = begin_message();
  events += typed_event("response.output_text.done", next_number_++,
                        about_part(item_id_, message_index(), {{"text", text_}, {"logprobs", OrderedJson::array()}}));
  events += typed_event("response.content_part.done", next_number_++,
                        about_part(item_id_, message_index(), {{"part", output_text_part(text_)}}));
  events += typed_event("response.output_item.done", next_number_++,
                        {{"output_index", message_index()}, {"item", answer_item(item_id_, text_, status)}});
  return events;
}

std::string ResponseEvents::call_events(std::size_t index, const FunctionCall& call) {
  const std::string id = id_of_call(call);
  const auto about_call = [&](const OrderedJson& fields) {
    OrderedJson data{{"item_id", id}, {"output_index", index}};
    data.update(fields);
    return data;
  };
  std::string events = typed_event("response.output_item.added", next_number_++,
                                   {{"output_index", index}, {"item", call_item(call, "", "in_progress")}});
  events +=
      typed_event("response.function_call_arguments.delta", next_number_++, about_call({{"delta", call.arguments}}));
  events += typed_event("response.function_call_arguments.done", next_number_++,
                        about_call({{"name", call.name}, {"arguments", call.arguments}}));
  events += typed_event("response.output_item.done", next_number_++,
                        {{"output_index", index}, {"item", call_item(call, call.arguments, "completed")}});
  return events;
}

std::string ResponseEvents::end(const TurnResult& result, const std::vector<FunctionCall>& calls) {
  const bool has_message = has_message_ || calls.empty();
  std::string events = has_message ? end_message(result) : end_reasoning();
  std::size_t index = message_index() + (has_message ? 1 : 0);
  for (const auto& call : calls) events += call_events(index++, call);
  events += typed_event(std::string("response.") + final_status(result), next_number_++,
                        {{"response", final_response(head_, item_id_, text_, result, reasoning_, calls)}});
  return events;
}

std::string ResponseEvents::fail(const Problem& problem) {
  OrderedJson response = response_of(head_, "failed");
  response["error"] = {{"code", problem.status == 429 ? "rate_limit_exceeded" : "server_error"},
                       {"message", problem.message}};
  if (!reasoning_.id.empty()) response["output"].push_back(reasoning_item(reasoning_));
  if (!text_.empty()) response["output"].push_back(answer_item(item_id_, text_, "incomplete"));
  return typed_event("response.failed", next_number_++, {{"response", std::move(response)}});
}

}  // namespace chatcore::api
