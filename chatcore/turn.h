#pragma once
// Start here: one message's way.
//
//   accept → authenticate → admit        before this file: the API (chatcore/api) and admission control (admission.h)
//   → window      wait for the conversation's turn; its last messages from memory, or read back from storage
//   → append      the question, durable before anything is answered
//   → retrieve    chunks that bear on it; into this prompt only, never stored
//   → generate    text streamed through; paused while the client is slow, cancelled when it leaves. If the backend
//                 refuses the prompt, again with a smaller one (reduced_prompt.h)
//   → append      the answer, durable, also when it was cut short: then marked interrupted. An empty
//                 one marks a question at which the answerer failed; later prompts omit it (prompt_messages.h)
//   → account     bytes, last use, metrics; and what has left the window may be summarised (summarizer.h)
//
// Only after the answer is stored does the client see the end of its stream. The stateless way of
// /v1/chat/completions is the same without the three steps that touch a conversation.
//
// A turn keeps itself alive through whatever it waits for. Its steps run one at a time (serial.h) on the loop's
// threads; no lock is held between them.

#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/event_loop.h"
#include "base/result.h"
#include "base/serial.h"
#include "base/units.h"
#include "chatcore/admission.h"
#include "chatcore/conversation/message.h"
#include "chatcore/conversation/registry.h"
#include "chatcore/llm/answerer.h"
#include "chatcore/llm/reduced_prompt.h"
#include "chatcore/metrics.h"
#include "chatcore/retrieval/retriever.h"
#include "chatcore/storage/store.h"
#include "chatcore/summarizer.h"

namespace chatcore {

// What every turn works with. Borrowed; all of it outlives the turns.
struct TurnParts {
  base::EventLoop& loop;
  conversation::Registry& registry;
  storage::Store& store;
  retrieval::Retriever& retriever;
  llm::Answerer& answerer;
  Metrics& metrics;
  std::size_t window_messages = 50;             // read back from storage at most; 0: all
  base::Bytes max_answer = base::mebibytes(1);  // a longer answer is cut and marked interrupted; 0: no bound
  std::size_t window_tokens = 0;                // of the conversation in one prompt, at most; 0: no bound
  Summarizer* summarizer = nullptr;             // null: what leaves the window is not in prompts
};

struct TurnRequest {
  std::optional<conversation::ConversationKey> conversation;  // none: stateless
  std::vector<conversation::Message> messages;  // ends with the question; with a conversation only what is new to it
  std::size_t max_tokens = 0;                   // 0: the answerer's own bound
  llm::Sampling sampling = {};
  std::vector<std::string> stop = {};      // llm::Prompt::stop
  llm::PassedOn passed_on = {};            // to an answerer that passes_on()
  bool takes_fields = false;               // the client accepts tool calls, through on_part
  bool takes_refusals = false;             // and refusals; else their text is the answer's
  std::string instructions = {};           // a system message of this prompt alone, never stored
  std::string response_id = {};            // names the answer in storage; empty: no name
  bool must_exist = false;                 // not_found, rather than beginning the conversation
  std::optional<std::int64_t> after = {};  // the conversation must end there, else conflict
  bool is_stored = false;                  // the messages are in the conversation already, at its end
  std::string user = {};                   // of a stateless turn; empty: not known
};

struct TurnResult {
  base::Status status;            // ok: answered and (with a conversation) stored
  std::int64_t sequence = 0;      // the stored answer's place; 0 when none was stored
  bool cut = false;               // the answer met a bound of bytes or tokens, or the end of the memory budget
  bool filtered = false;          // the backend kept the rest of the answer, or all of it, back
  bool calls_tools = false;       // the client received tool calls (TurnRequest::takes_fields)
  std::size_t prompt_tokens = 0;  // as the backend counted them, else estimated
  std::size_t answer_tokens = 0;
};

// Called on a loop thread, one at a time: on_begin at most once, then on_text and on_part, then on_end exactly once. An
// answer begins with the first part from the backend, reasoning included, or with a successful end. An error before
// that can still set the HTTP status. If the backend has accepted the request and sends nothing, the answer begins
// after a short time anyway, since proxies do not wait for a first byte as long as a model may think.
struct TurnEvents {
  // The question is durable and an answer comes, which will be stored at that place; 0: will not be stored.
  std::function<void(std::int64_t answer_sequence)> on_begin;
  std::function<std::size_t(std::string_view text)> on_text;  // returns the bytes the client has yet to take
  std::function<void(const TurnResult&)> on_end;              // errors before on_begin left nothing acknowledged
  // As on_text, for the other parts of an answer; never stored. Without TurnRequest::takes_fields and takes_refusals
  // only reasoning. May be empty.
  std::function<std::size_t(llm::AnswerPart part, std::string_view piece)> on_part = {};
};

class Turn : public std::enable_shared_from_this<Turn> {
 public:
  // Errors that on_end brings: not_found (see must_exist), conflict (another writer, or too many wait for this
  // conversation), exhausted (no room in memory, disk full), unavailable (storage or backend down), deadline_exceeded,
  // permission_denied and invalid_argument (backend), cancelled. Errors of a backend have `remote` set.
  static std::shared_ptr<Turn> begin(const TurnParts& parts, std::unique_ptr<Admission::Permit> permit,
                                     TurnRequest request, TurnEvents events);
  // The client has taken what was queued for it. Thread-safe.
  void client_caught_up();
  // The client is gone or was cut: generation stops, what there is of the answer is stored. Thread-safe.
  void client_left();

  Turn(const TurnParts& parts, std::unique_ptr<Admission::Permit> permit, TurnRequest request, TurnEvents events);

 private:
  enum class Step { waiting, storing_question, retrieving, generating, storing_answer, ended };

  void wait_for_conversation();
  void enter_conversation(base::Result<conversation::Lease> lease);
  void read_window();
  void fill_window(base::Result<storage::Window> window);
  void go_on_in_conversation();
  [[nodiscard]] llm::LeftOut left_out() const;
  [[nodiscard]] bool is_waiting_for_answer() const;
  [[nodiscard]] llm::Caller caller() const;
  [[nodiscard]] bool is_to_be_kept() const;
  void append_question();
  void keep_question(base::Result<std::int64_t> sequence);
  void catch_up();
  void catch_up_with(base::Result<storage::Window> window);
  void retrieve();
  void generate(std::vector<retrieval::RetrievedChunk> chunks);
  void ask(llm::Prompt prompt);
  [[nodiscard]] std::vector<conversation::Message> whole_messages() const;
  llm::Prompt compose_prompt(std::vector<retrieval::RetrievedChunk> chunks);
  void write_or_wait();
  void take_text(std::string_view text);
  void take_part(llm::AnswerPart part, std::string_view piece);
  void take_held(std::size_t bytes);
  void take_queued(std::size_t bytes);
  void cut_answer();
  void take_end(const llm::Generated& generated);
  bool ask_with_smaller_prompt(const llm::Generated& generated);
  [[nodiscard]] bool has_output() const;
  void report_reduced_prompt() const;
  void begin_answer();
  void begin_answer_after(base::Duration silence);
  void stop_generating();
  void drop_generation();
  void append_answer();
  void keep_answer(base::Result<std::int64_t> sequence);
  void end_distrusting_memory(base::Error error);
  void end(base::Status status);

  void in_order(std::function<void()> step);      // from a loop thread
  void back_on_loop(std::function<void()> step);  // from any thread

  const TurnParts parts_;
  const base::LoopThread thread_;  // that it began on, its client's: pieces of the answer then need not cross threads
  std::unique_ptr<Admission::Permit> permit_;
  TurnRequest request_;
  TurnEvents events_;

  base::Serial serial_;  // guards all below
  Step step_ = Step::waiting;
  bool client_left_ = false;
  std::optional<conversation::Lease> lease_;
  bool is_from_memory_ = false;   // the window was there, and so may have fallen behind storage
  std::size_t kept_ = 0;          // so many of the request's messages are in the conversation
  llm::LeftOut left_out_before_;  // when the turn came to the conversation
  bool has_chunks_ = false;       // in the full prompt
  llm::PromptExtent extent_ = llm::PromptExtent::full;
  std::unique_ptr<llm::Generation> generation_;
  base::SteadyTime first_asked_;
  base::SteadyTime generation_began_;  // after first_asked_ if the backend refused a larger prompt
  bool answer_begun_ = false;
  base::Pending silence_;  // timer after which the answer begins without text
  bool paused_ = false;
  bool has_fields_ = false;     // the client has received tool calls or other fields
  std::size_t part_bytes_ = 0;  // bytes of the answer's parts other than text
  std::size_t held_bytes_ = 0;  // largest number of bytes that the answerer has buffered so far
  conversation::Message answer_;
  TurnResult result_;
};

}  // namespace chatcore
