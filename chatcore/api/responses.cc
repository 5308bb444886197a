// POST /v1/responses: where the answer will stand is found first, then a turn runs there. response_chain.h says what a
// chain is.

#include <algorithm>
#include <memory>
#include <optional>
#include <utility>

#include "chatcore/api/chain_index.h"
#include "chatcore/api/function_calls.h"
#include "chatcore/api/handlers.h"
#include "chatcore/api/item_id.h"
#include "chatcore/api/random_id.h"
#include "chatcore/api/response_chain.h"
#include "chatcore/api/response_replies.h"
#include "chatcore/api/response_requests.h"

namespace chatcore::api {
namespace {

using conversation::ConversationKey;
using storage::StoredResponse;

// What a response holds besides its texts: a turn's own state, and the head that each state of it shows.
constexpr base::Bytes kResponseOverhead = base::kibibytes(24);

// One request on its way to a turn. Its steps run on the loop, one after the other.
class ResponseAsk : public std::enable_shared_from_this<ResponseAsk> {
 public:
  ResponseAsk(const ApiParts& parts, SharedCall call, ResponseRequest request, std::unique_ptr<Admission::Permit> place)
      : parts_(parts), call_(std::move(call)), request_(std::move(request)), place_(std::move(place)) {
    head_ = {.id = random_id("resp_"),
             .model = std::string(parts.turn.answerer.model()),
             .created = parts.clock.wall_now(),
             .instructions = request_.instructions,
             .conversation_id = request_.conversation_id,
             .previous_response_id = request_.previous_response_id,
             .store = request_.store,
             .max_output_tokens = request_.max_output_tokens,
             .metadata = request_.metadata,
             .temperature = request_.temperature,
             .top_p = request_.top_p,
             .reasoning_summary = request_.reasoning_summary,
             .may_call_functions = takes_calls()};
  }

  void run() {
    if (!request_.references.empty()) return resolve_next_reference();
    // Before the input is divided between the store and the prompt.
    if (!request_.tools.empty()) {
      passed_messages_ = messages_with_tools(request_.input, request_.tools, request_.instructions);
      std::int64_t bytes = 0;
      for (const auto& message : passed_messages_) bytes += static_cast<std::int64_t>(message.size());
      if (!place_->grow({bytes})) return fail({base::Code::exhausted, "no room for the function calls"});
    }
    if (!request_.conversation_id.empty()) return go_on_in_conversation();
    if (!request_.previous_response_id.empty()) return find_previous();
    if (!request_.store) return answer({.conversation = std::nullopt, .messages = std::move(request_.input)});
    history_.emplace(call_->user());
    for (const auto& message : request_.input) history_->add(message.role, message.content);
    if (const auto known = parts_.chains.find(call_->user(), request_.input)) return go_on_in_known_chain(*known);
    begin();
  }

 private:
  void begin() {
    const auto done = answering_at_end();
    begin_chain(parts_.turn.store, call_->user(), std::move(request_.input), done);
  }

  // The client's history is the whole history of a chain: store only the messages after it. Keep the whole input in
  // case the chain has been continued or deleted meanwhile.
  void go_on_in_known_chain(const ChainIndex::Known& known) {
    begins_on_conflict_ = true;
    const auto next = request_.input.begin() + static_cast<std::ptrdiff_t>(known.messages);
    answer({.conversation = ConversationKey{.user = call_->user(), .id = known.end.conversation_id},
            .messages = {next, request_.input.end()},
            .must_exist = true,
            .after = known.end.last_sequence});
  }

  // From the last to the first, so that the indices of earlier references stay valid.
  void resolve_next_reference() {
    const auto place = place_of_item(request_.references.back().id);
    if (!place) return call_->refuse(item_not_found());
    // Messages of the same conversation are in the prompt already.
    if (place->conversation_id == request_.conversation_id) return take_reference(std::nullopt);
    parts_.turn.store.list_messages({.user = call_->user(), .id = place->conversation_id},
                                    {.after = place->sequence - 1, .limit = 1}, on_loop(&ResponseAsk::take_referenced));
  }

  void take_referenced(base::Result<std::optional<storage::Page>> page) {
    if (!page) return fail(page.error());
    const auto sequence = place_of_item(request_.references.back().id)->sequence;
    const bool is_found = *page && !(*page)->messages.empty() && (*page)->messages.front().sequence == sequence;
    if (!is_found) return call_->refuse(item_not_found());
    auto message = std::move((*page)->messages.front());
    message.sequence = 0;
    if (!place_->grow({static_cast<std::int64_t>(message.content.size())})) {
      return fail({base::Code::exhausted, "no room for what the input refers to"});
    }
    take_reference(std::move(message));
  }

  void take_reference(std::optional<conversation::Message> message) {
    const auto before = static_cast<std::ptrdiff_t>(request_.references.back().before);
    if (message) {
      request_.input.insert(request_.input.begin() + before, std::move(*message));
      for (auto i = request_.references.back().tools_before; i < request_.tools.size(); ++i) ++request_.tools[i].before;
    }
    request_.references.pop_back();
    run();
  }

  [[nodiscard]] Problem item_not_found() const {
    return {.status = 404,
            .message = "The input refers to an item that is not stored: " + request_.references.back().id,
            .code = "item_not_found",
            .param = "input"};
  }

  void go_on_in_conversation() {
    answer({.conversation = ConversationKey{.user = call_->user(), .id = request_.conversation_id},
            .messages = std::move(request_.input),
            .must_exist = true});
  }

  void find_previous() {
    parts_.turn.store.find_response(call_->user(), request_.previous_response_id,
                                    on_loop(&ResponseAsk::go_on_from_previous));
  }

  void go_on_from_previous(base::Result<std::optional<StoredResponse>> found) {
    if (!found) return fail(found.error());
    if (!*found) return call_->refuse(response_not_found("previous_response_id"));
    previous_ = std::move(**found);
    if (!request_.store) return read_what_came_before();
    if (!is_chain(previous_.conversation_id)) return fork();
    // Most often the previous answer is the chain's end. The turn finds out, since it alone sees the chain stand
    // still; the input is kept for the case that it is not.
    forks_on_conflict_ = true;
    answer({.conversation = ConversationKey{.user = call_->user(), .id = previous_.conversation_id},
            .messages = request_.input,
            .must_exist = true,
            .after = previous_.answer.sequence});
  }

  void fork() {
    const auto done = answering_at_end();
    fork_chain(parts_.turn.store, call_->user(), previous_, std::move(request_.input), done);
  }

  // Starts a new chain because the other one was continued meanwhile; the turn that detected this released its permit.
  void have_own_chain() {
    const bool begins = std::exchange(begins_on_conflict_, false);
    forks_on_conflict_ = false;
    auto place = admit(parts_, size(), true);
    if (!place) return call_->refuse(place.error());
    place_ = std::move(*place);
    if (begins) return begin();
    fork();
  }

  // For an answer that is not stored itself: what came before goes into the prompt and nowhere else.
  void read_what_came_before() {
    const std::size_t limit = parts_.turn.window_messages == 0 ? kMostReadBack : parts_.turn.window_messages;
    parts_.turn.store.list_messages({.user = call_->user(), .id = previous_.conversation_id},
                                    {.after = previous_.answer.sequence + 1, .limit = limit, .newest_first = true},
                                    on_loop(&ResponseAsk::answer_after));
  }

  void answer_after(base::Result<std::optional<storage::Page>> page) {
    if (!page) return fail(page.error());
    if (!*page) return call_->refuse(response_not_found("previous_response_id"));
    auto& messages = (*page)->messages;
    std::int64_t bytes = 0;
    for (const auto& message : messages) bytes += static_cast<std::int64_t>(message.content.size());
    if (!place_->grow({bytes})) return fail({base::Code::exhausted, "no room for what came before"});
    std::ranges::reverse(messages);
    std::ranges::move(request_.input, std::back_inserter(messages));
    answer({.conversation = std::nullopt, .messages = std::move(messages)});
  }

  ChainMade answering_at_end() {
    question_ = request_.input.back();
    return on_loop(&ResponseAsk::answer_at_end);
  }

  void answer_at_end(base::Result<ChainEnd> end) {
    if (!end) return fail(end.error());
    made_ = end->key;
    answer(
        {.conversation = end->key, .messages = {std::move(question_)}, .after = end->last_sequence, .is_stored = true});
  }

  // A store calls back on a thread of its own, which is for its own work.
  template <class T>
  std::function<void(T)> on_loop(void (ResponseAsk::*step)(T)) {
    return [self = shared_from_this(), step](T value) {
      self->parts_.turn.loop.post(
          [self, step, value = std::move(value)]() mutable { ((*self).*step)(std::move(value)); });
    };
  }

  void answer(TurnRequest turn) {
    turn.max_tokens = request_.max_output_tokens;
    turn.sampling = {.temperature = request_.temperature, .top_p = request_.top_p};
    turn.instructions = request_.instructions;
    turn.user = call_->user();
    turn.passed_on = {.messages = passed_messages_, .fields = request_.tool_fields};
    turn.takes_fields = takes_calls();
    if (request_.store) turn.response_id = head_.id;
    const std::string conversation_id = turn.conversation ? turn.conversation->id : "";
    auto events = request_.stream ? streamed(conversation_id) : whole(conversation_id);
    if (history_) events = remembering_history(std::move(events), conversation_id);
    const auto running = Turn::begin(parts_.turn, std::move(place_), std::move(turn), std::move(events));
    bind_client(call_, running);
  }

  // As `events`, and records the answer's history digest so that a later request with this history continues the chain.
  TurnEvents remembering_history(TurnEvents events, const std::string& conversation_id) {
    auto answered = std::make_shared<HistoryDigest>(*history_);
    answered->begin(conversation::Role::assistant);
    events.on_text = [answered, take = std::move(events.on_text)](std::string_view piece) {
      answered->more(piece);
      return take(piece);
    };
    events.on_end = [self = shared_from_this(), answered, conversation_id,
                     end = std::move(events.on_end)](const TurnResult& result) {
      if (result.status && result.sequence > 0) {
        answered->end();
        self->parts_.chains.put(answered->value(), {conversation_id, result.sequence});
      }
      end(result);
    };
    return events;
  }

  // As it comes.
  TurnEvents streamed(const std::string& conversation_id) {
    auto events = std::make_shared<ResponseEvents>(head_);
    return {.on_begin =
                [self = shared_from_this(), conversation_id, events](std::int64_t sequence) {
                  self->has_begun_ = true;
                  begin_events(self->parts_, self->call_);
                  self->call_->write(events->begin(id_of_item(conversation_id, sequence)));
                },
            .on_text = [call = call_, events](std::string_view text) { return call->write(events->delta(text)); },
            .on_end =
                [self = shared_from_this(), events](const TurnResult& result) {
                  if (!self->has_begun_) return self->fail(result.status.error());
                  const auto& call = self->call_;
                  if (result.sequence == 0) self->remove_empty_chain();
                  if (result.status) {
                    call->write(events->end(result, self->calls()));
                  } else {
                    call->write(events->fail(call->problem_of(result.status.error())));
                  }
                  call->finish();
                },
            .on_part = parts_to([call = call_, events](std::string_view text) {
              return call->write(events->reasoning(text, &make_reasoning_id));
            })};
  }

  static std::string make_reasoning_id() { return random_id("rs_"); }
  static std::string make_call_id() { return random_id("call_"); }

  // Function calls are collected until the end. `take_reasoning` is called only if the request asked for a summary.
  [[nodiscard]] std::function<std::size_t(llm::AnswerPart, std::string_view)> parts_to(
      std::function<std::size_t(std::string_view)> take_reasoning) {
    if (request_.reasoning_summary.empty() && !takes_calls()) return {};
    return [self = shared_from_this(), take = std::move(take_reasoning)](llm::AnswerPart part, std::string_view text) {
      if (part == llm::AnswerPart::fields) {
        self->call_deltas_.emplace_back(text);
        return std::size_t{0};
      }
      return self->request_.reasoning_summary.empty() ? std::size_t{0} : take(text);
    };
  }

  [[nodiscard]] bool takes_calls() const { return !request_.tool_fields.empty() || !request_.tools.empty(); }
  [[nodiscard]] std::vector<FunctionCall> calls() const { return calls_in_deltas(call_deltas_, &make_call_id); }

  // When it is whole. Nothing queues at the client meanwhile, so it is never paused.
  TurnEvents whole(const std::string& conversation_id) {
    struct Answer {
      std::string item_id;
      std::string text;
      ReasoningItem reasoning;
    };
    auto answer = std::make_shared<Answer>();
    return {.on_begin =
                [self = shared_from_this(), answer, conversation_id](std::int64_t sequence) {
                  self->has_begun_ = true;
                  answer->item_id = id_of_item(conversation_id, sequence);
                },
            .on_text =
                [answer](std::string_view piece) {
                  answer->text += piece;
                  return std::size_t{0};
                },
            .on_end =
                [self = shared_from_this(), answer](const TurnResult& result) {
                  if (!result.status) return self->fail(result.status.error(), result.sequence != 0);
                  if (result.sequence == 0) self->remove_empty_chain();
                  self->call_->json(response_json(self->head_, answer->item_id, answer->text, result, answer->reasoning,
                                                  self->calls()));
                },
            .on_part = parts_to([answer](std::string_view text) {
              if (!answer->text.empty()) return std::size_t{0};
              if (answer->reasoning.id.empty()) answer->reasoning.id = make_reasoning_id();
              answer->reasoning.text += text;
              return std::size_t{0};
            })};
  }

  // No client knows the new chain: remove it.
  void remove_empty_chain() {
    if (!made_) return;
    parts_.turn.store.remove(
        *made_, [&registry = parts_.turn.registry, key = *made_](const auto& /*existed*/) { registry.forget(key); });
  }

  void fail(const base::Error& error, bool is_stored = false) {
    const bool is_taken = error.code == base::Code::conflict && (forks_on_conflict_ || begins_on_conflict_);
    const bool is_gone = error.code == base::Code::not_found && begins_on_conflict_;
    if ((is_taken || is_gone) && !has_begun_) return have_own_chain();
    if (!is_stored) remove_empty_chain();
    if (is_out_of_memory(error)) parts_.turn.metrics.request_shed("memory");
    if (error.code == base::Code::not_found) return call_->refuse(not_found());
    call_->refuse(call_->problem_of(error));
  }

  // The conversation that was named, or the one that the previous response stood in a moment ago.
  [[nodiscard]] Problem not_found() const {
    return request_.conversation_id.empty() ? response_not_found("previous_response_id")
                                            : conversation_not_found("conversation");
  }

  static std::string id_of_item(const std::string& conversation_id, std::int64_t sequence) {
    return conversation_id.empty() ? random_id("msg_") : item_id(conversation_id, sequence);
  }

  [[nodiscard]] base::Bytes size() const {
    return base::Bytes{static_cast<std::int64_t>(call_->request().body.size())} + kResponseOverhead;
  }

  static constexpr std::size_t kMostReadBack = 1000;

  const ApiParts& parts_;
  const SharedCall call_;
  ResponseRequest request_;
  std::unique_ptr<Admission::Permit> place_;  // until the turn has it
  ResponseHead head_;
  StoredResponse previous_;
  conversation::Message question_;            // copy of the question while the store has the input
  std::optional<ConversationKey> made_;       // the chain that this response began
  std::vector<std::string> passed_messages_;  // the prompt, if there are function calls in it; JSON
  std::vector<std::string> call_deltas_;      // of the answer's function calls
  std::optional<HistoryDigest>
      history_;  // if the client sends its history; pieces of the answer are added as they come
  bool forks_on_conflict_ = false;
  bool begins_on_conflict_ = false;
  bool has_begun_ = false;
};

}  // namespace

Problem response_not_found(std::string param) {
  return {.status = 404, .message = "No such response", .code = "response_not_found", .param = std::move(param)};
}

void create_response(const ApiParts& parts, const SharedCall& call) {
  auto request = parse_response_request(call->request().body, parts.turn.answerer.passes_on());
  if (!request) return call->refuse(request.error());
  const bool is_stateless = !request->store && request->conversation_id.empty();
  const auto size = static_cast<std::int64_t>(call->request().body.size());
  auto place = admit(parts, base::Bytes{size} + kResponseOverhead, !is_stateless);
  if (!place) return call->refuse(place.error());
  std::make_shared<ResponseAsk>(parts, call, std::move(*request), std::move(*place))->run();
}

}  // namespace chatcore::api
