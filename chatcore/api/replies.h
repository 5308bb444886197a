#pragma once
// What clients get: server-sent events and JSON documents as text. Pure. Bytes that are not UTF-8 are replaced, so
// that no answer is unreadable because of one of them.

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "base/clock.h"
#include "base/units.h"
#include "chatcore/admission.h"
#include "chatcore/api/problem.h"
#include "chatcore/conversation/registry.h"
#include "chatcore/process_reading.h"
#include "chatcore/storage/store.h"
#include "chatcore/turn.h"

namespace chatcore::api {

// --- POST /api/assistant

// `data: {"data":"…"}` and a blank line.
std::string assistant_text_event(std::string_view text);
// `event: end`, with the conversation's id and the stored answer's place as data. An event without data would never
// be dispatched by a browser.
std::string assistant_end_event(std::string_view conversation_id, std::int64_t sequence);
// `event: error`, in place of the end: OpenAI's error shape as data.
std::string assistant_error_event(const Problem& problem);

// --- POST /v1/chat/completions

// What all parts of one completion have in common.
struct CompletionHead {
  std::string id;  // "chatcmpl-…"
  std::string model;
  base::WallTime created;
};

std::string completion_json(const CompletionHead& head, std::string_view text, const TurnResult& result);
// The chunks of a stream, each a whole `data:` event: role, text, why it ended, and the token counts when asked for.
std::string completion_role_event(const CompletionHead& head);
std::string completion_text_event(const CompletionHead& head, std::string_view text);
std::string completion_finish_event(const CompletionHead& head, const TurnResult& result);
std::string completion_usage_event(const CompletionHead& head, const TurnResult& result);
inline constexpr std::string_view kCompletionDone = "data: [DONE]\n\n";

// --- the rest

std::string models_json(std::string_view model, base::WallTime since);
std::string conversations_json(const std::vector<storage::ConversationSummary>& conversations);
std::string messages_json(std::string_view conversation_id, const storage::Window& window);
std::string deleted_json(std::string_view conversation_id);
std::string sweep_json(const conversation::SweepReport& report);
std::string shed_json(base::Bytes target, const conversation::Usage& before, const conversation::Usage& after);

// What is held, by kind, against what the kernel measures.
struct MemoryReport {
  conversation::Usage conversations;
  base::Bytes in_flight;
  std::size_t turns_in_flight = 0;
  std::size_t vector_store_chunks = 0;
  ProcessReading process;
  CgroupReading cgroup;
};
std::string memory_json(const MemoryReport& report);

}  // namespace chatcore::api
