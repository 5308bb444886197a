#pragma once
// The handlers of the routes table, and what they work with. A handler runs on a loop thread, never blocks, and
// answers through its Call now or later.

#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <utility>

#include "base/clock.h"
#include "chatcore/admission.h"
#include "chatcore/api/auth_middleware.h"
#include "chatcore/api/call.h"
#include "chatcore/api/chain_index.h"
#include "chatcore/conversation/sweeper.h"
#include "chatcore/memory/budget.h"
#include "chatcore/pressure_controller.h"
#include "chatcore/retrieval/query_embedder.h"
#include "chatcore/turn.h"

namespace chatcore::api {

// Borrowed; all of it outlives the HTTP server.
struct ApiParts {
  TurnParts turn;
  retrieval::QueryEmbedder& embedder;
  Admission& admission;
  conversation::Sweeper& sweeper;
  const memory::Budget& budget;
  const PressureController& pressure_controller;
  const base::Clock& clock;
  const AuthMiddleware& auth;
  ChainIndex& chains;
  base::WallTime started;
  // Gives memory that was freed back to the kernel, which the allocator would else keep for a while.
  std::function<void()> return_free_memory;
};

using SharedCall = std::shared_ptr<Call>;
// A permit (admission.h) that is shared by the steps of a request.
using SharedPlace = std::shared_ptr<Admission::Permit>;

// POST /api/assistant: a stream of server-sent events; the conversation's id (chosen here when the client has none) is
// in the header X-Conversation-Id, also of a turn that failed, percent-encoded where it is not printable ASCII, and in
// the data of the last event.
void answer_assistant(const ApiParts& parts, const SharedCall& call);
// POST /v1/chat/completions: stateless, streamed or whole.
void answer_completion(const ApiParts& parts, const SharedCall& call);
// POST /v1/completions: the same for one prompt and its text.
void answer_text_completion(const ApiParts& parts, const SharedCall& call);
// GET /v1/models
void list_models(const ApiParts& parts, const SharedCall& call);
// GET /v1/models/{+model}
void show_model(const ApiParts& parts, const SharedCall& call);

// GET /api/conversations: the last used ones; with ?conversationId= the end of that one, of at most ?limit= messages.
void get_conversations(const ApiParts& parts, const SharedCall& call);
// DELETE /api/conversations?conversationId=
void delete_conversation(const ApiParts& parts, const SharedCall& call);

// POST /v1/embeddings: with the vectors that the retriever compares.
void embed_texts(const ApiParts& parts, const SharedCall& call);

// POST /v1/responses: stateful by conversation or previous_response_id, streamed or whole.
void create_response(const ApiParts& parts, const SharedCall& call);
void show_response(const ApiParts& parts, const SharedCall& call);    // GET /v1/responses/{id}
void remove_response(const ApiParts& parts, const SharedCall& call);  // DELETE /v1/responses/{id}
// POST /v1/responses/{id}/cancel: always refused, since no response runs in the background.
void cancel_response(const ApiParts& parts, const SharedCall& call);
// GET /v1/responses/{id}/input_items: the messages that precede its answer.
void list_input_items(const ApiParts& parts, const SharedCall& call);
// POST /v1/responses/input_tokens: estimates the number of tokens of a request's prompt.
void count_input_tokens(const ApiParts& parts, const SharedCall& call);

void create_conversation(const ApiParts& parts, const SharedCall& call);  // POST /v1/conversations
void show_conversation(const ApiParts& parts, const SharedCall& call);    // GET /v1/conversations/{id}
void update_conversation(const ApiParts& parts, const SharedCall& call);  // POST /v1/conversations/{id}
void remove_conversation(const ApiParts& parts, const SharedCall& call);  // DELETE /v1/conversations/{id}
void list_items(const ApiParts& parts, const SharedCall& call);           // GET /v1/conversations/{id}/items
void add_items(const ApiParts& parts, const SharedCall& call);            // POST /v1/conversations/{id}/items
void show_item(const ApiParts& parts, const SharedCall& call);            // GET /v1/conversations/{id}/items/{item}
void remove_item(const ApiParts& parts, const SharedCall& call);          // DELETE /v1/conversations/{id}/items/{item}

void show_page(const ApiParts& parts, const SharedCall& call);     // GET /
void show_metrics(const ApiParts& parts, const SharedCall& call);  // GET /metrics
void show_health(const ApiParts& parts, const SharedCall& call);   // GET /-/healthy: 200 while the loop runs
void show_ready(const ApiParts& parts,
                const SharedCall& call);  // GET /-/ready: 503 once a drain has begun, or without a database

void run_sweep(const ApiParts& parts, const SharedCall& call);    // POST /admin/sweep
void run_shed(const ApiParts& parts, const SharedCall& call);     // POST /admin/shed
void show_memory(const ApiParts& parts, const SharedCall& call);  // GET /admin/memory
// GET /admin/backend: state of the language model's backend, and the limits learned from its refusals.
void show_backend(const ApiParts& parts, const SharedCall& call);

// What a store is given to call back: goes on with `step` on the client's own I/O thread, where answers are written. A
// store calls back on a thread of its own, which is for its own work (storage/store.h). For I/O threads.
template <class Step>
auto on_loop(const ApiParts& parts, Step step) {
  return [thread = parts.turn.loop.this_thread(), step = std::move(step)](auto value) {
    thread.post([step, value = std::move(value)]() mutable { step(std::move(value)); });
  };
}

// A place for work that will hold about so many bytes, or the Problem to answer with; a refusal is counted. With
// `in_registry` the conversations' budget must have room for them too.
Parsed<std::unique_ptr<Admission::Permit>> admit(const ApiParts& parts, base::Bytes bytes, bool in_registry);
// Counts what a read from storage brought (known only then) on its place, as read and as written. False when there is
// no room for it: then it was refused, and must be let go of.
[[nodiscard]] bool hold(const ApiParts& parts, const SharedCall& call, Admission::Permit& place,
                        const std::vector<conversation::Message>& messages);
// The conversation that the path names by {id}; absent when the call has been refused because nobody can have such a
// one.
std::optional<conversation::ConversationKey> conversation_of_path(const SharedCall& call);
// Answers with the conversation as /v1/conversations shows it.
void describe_conversation(const ApiParts& parts, const SharedCall& call, const conversation::ConversationKey& key,
                           const SharedPlace& place);
Problem response_not_found(std::string param);
// Begins a turn's stream of events, with keep-alives if its answerer waits for a backend.
void begin_events(const ApiParts& parts, const SharedCall& call, base::HttpHeaders headers = {});
// Tells the turn when its client catches up and when it leaves.
void bind_client(const SharedCall& call, const std::shared_ptr<Turn>& turn);

}  // namespace chatcore::api
