#include "chatcore/turn.h"

#include <algorithm>
#include <chrono>
#include <utility>

#include "chatcore/llm/token_window.h"

namespace chatcore {
namespace {

using base::Code;
using conversation::Lease;
using conversation::Message;
using conversation::Role;

// With so much not yet taken by the client the answerer is paused until it has taken all.
constexpr std::size_t kSlowClientBytes = 64u << 10;

}  // namespace

std::shared_ptr<Turn> Turn::begin(const TurnParts& parts, std::unique_ptr<Admission::Ticket> ticket,
                                  TurnRequest request, TurnEvents events) {
  auto turn = std::make_shared<Turn>(parts, std::move(ticket), std::move(request), std::move(events));
  turn->in_order([turn] {
    if (turn->request_.conversation)
      turn->wait_for_conversation();
    else
      turn->retrieve();
  });
  return turn;
}

Turn::Turn(const TurnParts& parts, std::unique_ptr<Admission::Ticket> ticket, TurnRequest request, TurnEvents events)
    : parts_(parts), ticket_(std::move(ticket)), request_(std::move(request)), events_(std::move(events)) {
  answer_.role = Role::assistant;
}

void Turn::wait_for_conversation() {
  const bool is_free =
      parts_.registry.acquire(*request_.conversation, [self = shared_from_this()](base::Result<Lease> granted) {
        // A std::function must be copyable and a lease is not, so it crosses to the loop in a shared box.
        auto box = std::make_shared<base::Result<Lease>>(std::move(granted));
        self->back_on_loop([self, box] { self->enter_conversation(std::move(*box)); });
      });
  if (!is_free) ticket_->wait_in_line();
}

void Turn::enter_conversation(base::Result<Lease> lease) {
  if (!lease) return end(base::fail(lease.error()));
  lease_.emplace(std::move(*lease));
  if (client_left_) return end(base::fail(Code::cancelled, "the client left while it waited"));
  ticket_->leave_line();
  is_from_memory_ = lease_->is_loaded();
  if (is_from_memory_) return go_on_in_conversation();
  parts_.store.load_window(
      *request_.conversation, parts_.window_messages,
      [self = shared_from_this()](base::Result<storage::Window> window) {
        self->back_on_loop([self, window = std::move(window)]() mutable { self->fill_window(std::move(window)); });
      });
}

void Turn::fill_window(base::Result<storage::Window> window) {
  if (!window) return end(base::fail(window.error()));
  if (request_.must_exist && !window->exists) return end(base::fail(Code::not_found, "no such conversation"));
  auto filled = lease_->fill(std::move(window->messages), window->last_sequence, window->revision);
  if (!filled) return end_distrusting_memory(filled.error());
  go_on_in_conversation();
}

void Turn::go_on_in_conversation() {
  if (request_.after && *request_.after != lease_->last_sequence()) {
    return end(base::fail(Code::conflict, "the conversation has gone on since"));
  }
  if (request_.is_stored || is_waiting_for_answer()) return retrieve();
  append_question();
}

// Asked again, what has not been answered yet is not stored twice: the client was told that storage is unavailable
// though the question had reached it, or the answer never came.
bool Turn::is_waiting_for_answer() const {
  const auto& known = lease_->window();
  const auto& asked = request_.messages;
  if (known.empty() || known.back().role != Role::user || known.size() < asked.size()) return false;
  return std::equal(asked.rbegin(), asked.rend(), known.rbegin(), [](const Message& one, const Message& other) {
    return one.role == other.role && one.content == other.content;
  });
}

// What is new to the conversation, one message after the other; mostly it is the question alone.
void Turn::append_question() {
  step_ = Step::storing_question;
  const auto& next = request_.messages[kept_];
  parts_.store.append({.key = *request_.conversation,
                       .message = next,
                       .after = lease_->last_sequence(),
                       .revision = lease_->revision()},
                      [self = shared_from_this()](base::Result<std::int64_t> sequence) {
                        self->back_on_loop([self, sequence = std::move(sequence)]() mutable {
                          self->keep_question(std::move(sequence));
                        });
                      });
}

void Turn::keep_question(base::Result<std::int64_t> sequence) {
  if (!sequence && sequence.error().code == Code::conflict && std::exchange(is_from_memory_, false) && kept_ == 0) {
    return catch_up();
  }
  if (!sequence) return end_distrusting_memory(sequence.error());
  auto& message = request_.messages[kept_++];
  message.sequence = *sequence;
  if (auto kept = lease_->append(message); !kept) return end_distrusting_memory(kept.error());
  if (kept_ < request_.messages.size()) return append_question();
  retrieve();
}

// Another instance has gone on with this conversation since it came into this one's memory. What it stored is read, and
// the question is put behind it, unless that is a question which the other is just answering.
void Turn::catch_up() {
  parts_.store.load_window(
      *request_.conversation, parts_.window_messages,
      [self = shared_from_this()](base::Result<storage::Window> window) {
        self->back_on_loop([self, window = std::move(window)]() mutable { self->catch_up_with(std::move(window)); });
      });
}

void Turn::catch_up_with(base::Result<storage::Window> window) {
  if (!window) return end_distrusting_memory(window.error());
  if (!window->messages.empty() && window->messages.back().role == Role::user) {
    return end_distrusting_memory({Code::conflict, "another instance is answering in this conversation"});
  }
  fill_window(std::move(window));
}

// A broken vector store was reported when it was loaded and shows in the metrics; an answer without passages is better
// than none.
void Turn::retrieve() {
  ticket_->begun();
  if (client_left_) return end(base::fail(Code::cancelled, "the client left before the answer began"));
  step_ = Step::retrieving;
  parts_.retriever.retrieve(request_.messages.back().content, [self = shared_from_this()](
                                                                  base::Result<std::vector<retrieval::Passage>> found) {
    self->back_on_loop([self, passages = std::move(found).value_or(std::vector<retrieval::Passage>())]() mutable {
      self->generate(std::move(passages));
    });
  });
}

void Turn::generate(std::vector<retrieval::Passage> passages) {
  if (step_ != Step::retrieving) return;  // its client has left meanwhile
  step_ = Step::generating;
  auto prompt = compose_prompt(std::move(passages));
  result_.prompt_tokens = llm::estimate_tokens(prompt);
  // The answerer holds the prompt, or a request made of it, until the answer has ended.
  ticket_->grow(llm::size_of(prompt) + parts_.answerer.cost());
  generation_began_ = std::chrono::steady_clock::now();
  generation_ = parts_.answerer.generate(
      std::move(prompt),
      {.on_text =
           [self = shared_from_this()](std::string_view text) {
             self->in_order([self, text = std::string(text)] { self->take_text(text); });
           },
       .on_end =
           [self = shared_from_this()](llm::Generated generated) {
             self->in_order([self, generated = std::move(generated)] { self->take_end(generated); });
           }},
      parts_.loop);
}

// A stateless prompt is as long as its client wants it.
llm::Prompt Turn::compose_prompt(std::vector<retrieval::Passage> passages) const {
  llm::Prompt prompt{
      .messages = lease_ ? llm::within_tokens(lease_->window(), parts_.window_tokens) : request_.messages,
      .passages = std::move(passages),
      .max_tokens = request_.max_tokens};
  if (!request_.instructions.empty()) {
    prompt.messages.insert(prompt.messages.begin(), {.role = Role::system, .content = request_.instructions});
  }
  return prompt;
}

void Turn::take_text(std::string_view text) {
  if (step_ != Step::generating) return;
  begin_answer();
  answer_.content += text;
  const bool has_room = ticket_->grow({static_cast<std::int64_t>(text.size())});
  const std::size_t queued = events_.on_text(text);
  if (queued > kSlowClientBytes && !paused_) {
    paused_ = true;
    generation_->pause();
  }
  const bool is_longest =
      parts_.max_answer.count != 0 && static_cast<std::int64_t>(answer_.content.size()) >= parts_.max_answer.count;
  if (is_longest || !has_room) {
    result_.cut = true;
    answer_.interrupted = true;
    stop_generating();
    append_answer();
  }
}

void Turn::take_end(const llm::Generated& generated) {
  if (step_ != Step::generating) return;
  if (generated.status) begin_answer();
  if (generated.usage) result_.prompt_tokens = generated.usage->prompt;
  if (generated.usage) result_.answer_tokens = generated.usage->answer;
  result_.cut = generated.is_cut;
  result_.status = generated.status;
  answer_.interrupted = generated.is_cut || !generated.status;
  stop_generating();
  append_answer();
}

void Turn::begin_answer() {
  if (std::exchange(answer_begun_, true)) return;
  events_.on_begin(lease_ ? lease_->last_sequence() + 1 : 0);
}

void Turn::client_caught_up() {
  in_order([self = shared_from_this()] {
    if (!self->paused_ || !self->generation_) return;
    self->paused_ = false;
    self->generation_->resume();
  });
}

void Turn::client_left() {
  in_order([self = shared_from_this()] {
    if (self->client_left_ || self->step_ == Step::ended) return;
    self->client_left_ = true;
    // A turn that waits or stores looks at client_left_ when it goes on.
    if (self->step_ != Step::generating && self->step_ != Step::retrieving) return;
    self->parts_.metrics.stream_cancelled();
    // The passages may be long in coming, and are not waited for.
    if (self->step_ == Step::retrieving) return self->end(base::fail(Code::cancelled, "the client left"));
    self->answer_.interrupted = true;
    self->result_.status = base::fail(Code::cancelled, "the client left");
    self->stop_generating();
    self->append_answer();
  });
}

void Turn::stop_generating() {
  const auto took = std::chrono::steady_clock::now() - generation_began_;
  parts_.metrics.generation_ended(result_.status ? "ok" : name_of(result_.status.error().code), took);
  generation_->cancel();
  // This may run inside one of the generation's own events, so it is destroyed after that has returned.
  parts_.loop.post([generation = std::shared_ptr<llm::Generation>(std::move(generation_))] {});
}

void Turn::append_answer() {
  step_ = Step::storing_answer;
  ticket_->finishing();
  if (result_.answer_tokens == 0) result_.answer_tokens = llm::estimate_tokens(answer_.content);
  if (!lease_ || answer_.content.empty()) return end(result_.status);
  parts_.store.append({.key = *request_.conversation,
                       .message = answer_,
                       .after = lease_->last_sequence(),
                       .response_id = request_.response_id},
                      [self = shared_from_this()](base::Result<std::int64_t> sequence) {
                        self->back_on_loop([self, sequence = std::move(sequence)]() mutable {
                          self->keep_answer(std::move(sequence));
                        });
                      });
}

void Turn::keep_answer(base::Result<std::int64_t> sequence) {
  if (!sequence) return end_distrusting_memory(sequence.error().within("store the answer"));
  result_.sequence = *sequence;
  answer_.sequence = *sequence;
  // The answer is safe in storage, so no room for it in memory is not the client's failure.
  if (!lease_->append(std::move(answer_))) parts_.registry.forget(*request_.conversation);
  end(result_.status);
}

// Memory and storage may no longer agree: another writer was there, a write has an unknown end, or memory had no room
// for what is stored. The conversation leaves memory, so that its next turn reads back the truth.
void Turn::end_distrusting_memory(base::Error error) {
  parts_.registry.forget(*request_.conversation);
  end(base::fail(std::move(error)));
}

void Turn::end(base::Status status) {
  step_ = Step::ended;
  // All is given back before the client can see the end, so that its next question finds room.
  lease_.reset();
  ticket_.reset();
  result_.status = std::move(status);
  events_.on_end(result_);
  events_ = {};
}

void Turn::in_order(std::function<void()> step) { serial_.run(std::move(step)); }

void Turn::back_on_loop(std::function<void()> step) {
  parts_.loop.post([self = shared_from_this(), step = std::move(step)]() mutable { self->in_order(std::move(step)); });
}

}  // namespace chatcore
