#include "chatcore/api/replies.h"

#include <optional>

#include "chatcore/api/json_writer.h"

namespace chatcore::api {
namespace {

OrderedJson usage_json(const conversation::Usage& usage) {
  return {{"conversations", usage.conversations},
          {"bytes", usage.bytes.count},
          {"budget_bytes", usage.budget.is_unlimited() ? OrderedJson() : OrderedJson(usage.budget.count)}};
}

OrderedJson bytes_or_null(std::optional<base::Bytes> bytes) {
  return bytes && !bytes->is_unlimited() ? OrderedJson(bytes->count) : OrderedJson();
}

}  // namespace

std::string assistant_text_event(std::string_view text) { return event_of({{"data", text}}); }

std::string assistant_end_event(std::string_view conversation_id, std::int64_t sequence, bool interrupted) {
  OrderedJson end{{"conversationId", conversation_id}, {"sequence", sequence}};
  if (interrupted) end["interrupted"] = true;
  return "event: end\n" + event_of(end);
}

std::string assistant_error_event(const Problem& problem) {
  return "event: error\ndata: " + error_json(problem) + "\n\n";
}

std::string conversations_json(const std::vector<storage::ConversationSummary>& conversations) {
  OrderedJson list = OrderedJson::array();
  for (const auto& conversation : conversations) {
    list.push_back({{"conversationId", conversation.id},
                    {"title", conversation.title},
                    {"messages", conversation.messages},
                    {"lastUsed", unix_seconds(conversation.last_used)}});
  }
  return text_of({{"conversations", std::move(list)}});
}

std::string messages_json(std::string_view conversation_id, const storage::Window& window) {
  OrderedJson list = OrderedJson::array();
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
  const memory::Balance& balance = report.balance;
  OrderedJson kinds;
  for (std::size_t i = 0; i < memory::kAccounts; ++i) {
    kinds[std::string(name_of(static_cast<memory::Account>(i)))] = balance.held[i].count;
  }
  return text_of({{"budget",
                   {{"limit_bytes", bytes_or_null(balance.limit)},
                    {"configured_bytes", bytes_or_null(balance.configured)},
                    {"used_bytes", balance.used.count}}},
                  {"accounted",
                   {{"total_bytes", balance.used.count},
                    {"kinds", std::move(kinds)},
                    {"conversations", usage_json(report.conversations)},
                    {"in_flight", {{"turns", report.turns_in_flight}, {"bytes", report.in_flight.count}}},
                    {"vector_store",
                     {{"chunks", report.vector_store_chunks},
                      {"mapped_bytes", report.vector_store_bytes},
                      {"index_bytes", report.vector_index_bytes}}}}},
                  {"measured",
                   {{"resident_bytes", bytes_or_null(report.process.resident)},
                    {"anonymous_bytes", bytes_or_null(report.anonymous)},
                    {"resident_per_accounted", report.ratio ? OrderedJson(*report.ratio) : OrderedJson()},
                    {"cgroup_usage_bytes", bytes_or_null(report.cgroup.memory_usage)},
                    {"cgroup_working_set_bytes", bytes_or_null(report.cgroup.working_set)},
                    {"cgroup_limit_bytes", bytes_or_null(report.cgroup.memory_limit)}}}});
}

std::string backend_json(std::string_view model, const std::optional<llm::BackendStatistics>& backend) {
  OrderedJson document{{"model", model}, {"backend", nullptr}};
  if (!backend) return text_of(document);
  OrderedJson fields = OrderedJson::array();
  for (const auto& [field, instead] : backend->learned.fields) {
    fields.push_back({{"field", field}, {"instead", instead.empty() ? OrderedJson() : OrderedJson(instead)}});
  }
  const auto& context = backend->learned.context_tokens;
  document["backend"] = {{"breaker", name_of(backend->breaker)},
                         {"streams", backend->streams},
                         {"waiting", backend->waiting},
                         {"learned",
                          {{"context_tokens", context ? OrderedJson(*context) : OrderedJson()},
                           {"fields_not_taken", std::move(fields)},
                           {"system_message_taken", !backend->learned.no_system_role}}}};
  return text_of(document);
}

}  // namespace chatcore::api
