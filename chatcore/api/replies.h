#pragma once
// What clients of the incident's application and administrators get: server-sent events and JSON documents as text.
// Pure. OpenAI's replies have files of their own: completion_replies.h, response_replies.h, conversation_replies.h,
// embedding_replies.h.

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/units.h"
#include "chatcore/admission.h"
#include "chatcore/api/problem.h"
#include "chatcore/conversation/registry.h"
#include "chatcore/llm/backend_statistics.h"
#include "chatcore/memory/budget.h"
#include "chatcore/process_reading.h"
#include "chatcore/storage/store.h"

namespace chatcore::api {

// --- POST /api/assistant

// `data: {"data":"…"}` and a blank line.
std::string assistant_text_event(std::string_view text);
// `event: end`, with the conversation's id and the stored answer's place as data. An event without data would never
// be dispatched by a browser. An answer that met a bound says so, as it will when it is read back.
std::string assistant_end_event(std::string_view conversation_id, std::int64_t sequence, bool interrupted);
// `event: error`, in place of the end: OpenAI's error shape as data.
std::string assistant_error_event(const Problem& problem);

// --- the rest

std::string conversations_json(const std::vector<storage::ConversationSummary>& conversations);
std::string messages_json(std::string_view conversation_id, const storage::Window& window);
std::string deleted_json(std::string_view conversation_id);
std::string sweep_json(const conversation::SweepReport& report);
std::string shed_json(base::Bytes target, const conversation::Usage& before, const conversation::Usage& after);

// What is held, by kind, against what the kernel measures.
struct MemoryReport {
  conversation::Usage conversations;
  memory::Balance balance;
  std::optional<double> ratio;  // resident bytes beyond the start for each accounted one
  base::Bytes in_flight;
  std::size_t turns_in_flight = 0;
  std::size_t vector_store_chunks = 0;
  std::size_t vector_store_bytes = 0;  // mapped, so not among what is accounted
  std::size_t vector_index_bytes = 0;  // of them
  ProcessReading process;
  std::optional<base::Bytes> anonymous;
  CgroupReading cgroup;
};
std::string memory_json(const MemoryReport& report);

// `backend` absent: the built-in answerer is used.
std::string backend_json(std::string_view model, const std::optional<llm::BackendStatistics>& backend);

}  // namespace chatcore::api
