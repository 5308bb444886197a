#include "chatcore/api/replies.h"

#include <chrono>
#include <optional>
#include <utility>

#include <nlohmann/json.hpp>

namespace chatcore::api {
namespace {

// Fields stay in the order in which they are written here, which people reading them will thank us for.
using nlohmann::ordered_json;

std::string text_of(const ordered_json& document) {
  return document.dump(-1, ' ', false, ordered_json::error_handler_t::replace);
}

std::string event_of(const ordered_json& document) { return "data: " + text_of(document) + "\n\n"; }

std::int64_t unix_seconds(base::WallTime time) {
  return std::chrono::duration_cast<std::chrono::seconds>(time.time_since_epoch()).count();
}

ordered_json usage_of(const TurnResult& result) {
  return {{"prompt_tokens", result.prompt_tokens},
          {"completion_tokens", result.answer_tokens},
          {"total_tokens", result.prompt_tokens + result.answer_tokens}};
}

const char* finish_reason(const TurnResult& result) { return result.cut ? "length" : "stop"; }

ordered_json completion_of(const CompletionHead& head, const char* object) {
  return {{"id", head.id}, {"object", object}, {"created", unix_seconds(head.created)}, {"model", head.model}};
}

std::string chunk_event(const CompletionHead& head, ordered_json delta, ordered_json reason) {
  ordered_json chunk = completion_of(head, "chat.completion.chunk");
  chunk["choices"] = ordered_json::array(
      {{{"index", 0}, {"delta", std::move(delta)}, {"logprobs", nullptr}, {"finish_reason", std::move(reason)}}});
  return event_of(chunk);
}

ordered_json usage_json(const conversation::Usage& usage) {
  return {{"conversations", usage.conversations},
          {"bytes", usage.bytes.count},
          {"budget_bytes", usage.budget.is_unlimited() ? ordered_json() : ordered_json(usage.budget.count)}};
}

ordered_json bytes_or_null(std::optional<base::Bytes> bytes) {
  return bytes && !bytes->is_unlimited() ? ordered_json(bytes->count) : ordered_json();
}

}  // namespace

std::string assistant_text_event(std::string_view text) { return event_of({{"data", text}}); }

std::string assistant_end_event(std::string_view conversation_id, std::int64_t sequence) {
  return "event: end\n" + event_of({{"conversationId", conversation_id}, {"sequence", sequence}});
}

std::string assistant_error_event(const Problem& problem) {
  return "event: error\ndata: " + error_json(problem) + "\n\n";
}

std::string completion_json(const CompletionHead& head, std::string_view text, const TurnResult& result) {
  ordered_json completion = completion_of(head, "chat.completion");
  completion["choices"] = ordered_json::array({{{"index", 0},
                                                {"message", {{"role", "assistant"}, {"content", text}}},
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
  return chunk_event(head, ordered_json::object(), finish_reason(result));
}

std::string completion_usage_event(const CompletionHead& head, const TurnResult& result) {
  ordered_json chunk = completion_of(head, "chat.completion.chunk");
  chunk["choices"] = ordered_json::array();
  chunk["usage"] = usage_of(result);
  return event_of(chunk);
}

std::string models_json(std::string_view model, base::WallTime since) {
  return text_of(
      {{"object", "list"},
       {"data",
        ordered_json::array(
            {{{"id", model}, {"object", "model"}, {"created", unix_seconds(since)}, {"owned_by", "leakguard"}}})}});
}

std::string conversations_json(const std::vector<storage::ConversationSummary>& conversations) {
  ordered_json list = ordered_json::array();
  for (const auto& conversation : conversations) {
    list.push_back({{"conversationId", conversation.id},
                    {"title", conversation.title},
                    {"messages", conversation.messages},
                    {"lastUsed", unix_seconds(conversation.last_used)}});
  }
  return text_of({{"conversations", std::move(list)}});
}

std::string messages_json(std::string_view conversation_id, const storage::Window& window) {
  ordered_json list = ordered_json::array();
  for (const auto& message : window.messages) {
    list.push_back({{"role", name_of(message.role)},
                    {"content", message.content},
                    {"interrupted", message.interrupted},
                    {"sequence", message.sequence}});
  }
  return text_of(
      {{"conversationId", conversation_id}, {"lastSequence", window.last_sequence}, {"messages", std::move(list)}});
}

std::string deleted_json(std::string_view conversation_id) {
  return text_of({{"conversationId", conversation_id}, {"deleted", true}});
}

std::string sweep_json(const conversation::SweepReport& report) {
  return text_of({{"removed", report.removed},
                  {"remaining", report.remaining},
                  {"remaining_bytes", report.remaining_bytes.count},
                  {"took_seconds", base::to_seconds(report.took)}});
}

std::string shed_json(base::Bytes target, const conversation::Usage& before, const conversation::Usage& after) {
  return text_of({{"target_bytes", target.count},
                  {"before", usage_json(before)},
                  {"after", usage_json(after)},
                  {"reached", after.bytes <= target}});
}

std::string memory_json(const MemoryReport& report) {
  const base::Bytes accounted = report.conversations.bytes + report.in_flight;
  return text_of({{"accounted",
                   {{"total_bytes", accounted.count},
                    {"conversations", usage_json(report.conversations)},
                    {"in_flight", {{"turns", report.turns_in_flight}, {"bytes", report.in_flight.count}}},
                    {"vector_store", {{"chunks", report.vector_store_chunks}}}}},
                  {"measured",
                   {{"resident_bytes", bytes_or_null(report.process.resident)},
                    {"cgroup_usage_bytes", bytes_or_null(report.cgroup.memory_usage)},
                    {"cgroup_limit_bytes", bytes_or_null(report.cgroup.memory_limit)}}}});
}

}  // namespace chatcore::api
