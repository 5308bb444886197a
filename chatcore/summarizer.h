#pragma once
// What a conversation's window leaves out is not lost to its prompts: the language model is asked now and then to fold
// it, with the summary so far, into a new summary, which storage keeps and every later prompt has in its place
// (llm/summary_prompt.h). Off unless conversation.summary is set.
//
// No user waits for it and no turn can fail of it. It begins when an answer has been stored and sent; it is asked on
// connections of its own; it is skipped while the server or the backend has enough to do, and whatever goes wrong with
// it is a line in the log and a number in the metrics. What was skipped or failed comes again with the next messages
// that leave. At most one is under way for a conversation, and kMostAtOnce altogether.
//
// Nothing of it is kept here: what is to be folded is read from storage, and storage takes the result only when the
// conversation is still the one that it was made of, so neither a restart nor another instance can spoil it. Then the
// conversation's copy in memory is let go of, and its next turn reads the new summary back.

#include <cstddef>
#include <cstdint>
#include <map>
#include <memory>
#include <mutex>
#include <string_view>

#include "base/event_loop.h"
#include "base/units.h"
#include "chatcore/admission.h"
#include "chatcore/conversation/message.h"
#include "chatcore/conversation/registry.h"
#include "chatcore/llm/answerer.h"
#include "chatcore/llm/token_window.h"
#include "chatcore/memory/budget.h"
#include "chatcore/metrics.h"
#include "chatcore/storage/store.h"

namespace chatcore {

// Borrowed; all of it outlives the summarizer.
struct SummarizerParts {
  base::EventLoop& loop;
  conversation::Registry& registry;
  storage::Store& store;
  const llm::Answerer& answerer;  // that of the turns: while its backend is in trouble, no summary is asked for
  llm::Answerer& writer;          // of the summaries
  Admission& admission;
  memory::Budget& budget;
  Metrics& metrics;
  std::size_t every = 10;                     // messages that have to leave before the model is asked
  base::Bytes max_size = base::kibibytes(2);  // of a summary
};

class Summarizer {
 public:
  static constexpr std::size_t kMostAtOnce = 2;

  explicit Summarizer(const SummarizerParts& parts) : parts_(parts) {}
  Summarizer(const Summarizer&) = delete;
  Summarizer& operator=(const Summarizer&) = delete;

  // What a prompt would have left out before a turn, and what it would now. Begins a summary when it is due and nothing
  // speaks against it; returns at once. Thread-safe.
  void turn_ended(const conversation::ConversationKey& key, const llm::LeftOut& before, const llm::LeftOut& now);
  // For a drain: cancels those under way and begins no more. Thread-safe.
  void stop();

 private:
  class Work;
  enum class Result { ok, failed, outdated, skipped, cancelled };
  static std::string_view name_of(Result result);

  [[nodiscard]] bool is_busy() const;
  void ended(const conversation::ConversationKey& key, Result result);

  const SummarizerParts parts_;
  std::mutex mutex_;  // guards all below
  std::map<conversation::ConversationKey, std::shared_ptr<Work>> under_way_;
  bool stopped_ = false;
};

// Whether the model is to be asked: `every` messages have been left out, or as many again since it was asked in vain.
bool is_summary_due(const llm::LeftOut& before, const llm::LeftOut& now, std::size_t every);

}  // namespace chatcore
