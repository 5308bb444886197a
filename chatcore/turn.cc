// A turn up to its durable question, and its end; turn_answer.cc has what is between.

#include "chatcore/turn.h"

#include <algorithm>
#include <utility>

namespace chatcore {
namespace {

using base::Code;
using conversation::Lease;
using conversation::Message;
using conversation::Role;

}  // namespace

std::shared_ptr<Turn> Turn::begin(const TurnParts& parts, std::unique_ptr<Admission::Permit> permit,
                                  TurnRequest request, TurnEvents events) {
  auto turn = std::make_shared<Turn>(parts, std::move(permit), std::move(request), std::move(events));
  turn->in_order([turn] {
    if (turn->request_.conversation) return turn->wait_for_conversation();
    turn->permit_->begin(ConcurrencyLimiter::Kind::stateless);
    turn->retrieve();
  });
  return turn;
}

Turn::Turn(const TurnParts& parts, std::unique_ptr<Admission::Permit> permit, TurnRequest request, TurnEvents events)
    : parts_(parts),
      thread_(parts.loop.this_thread()),
      permit_(std::move(permit)),
      request_(std::move(request)),
      events_(std::move(events)) {
  answer_.role = Role::assistant;
}

void Turn::wait_for_conversation() {
  const bool is_free =
      parts_.registry.acquire(*request_.conversation, [self = shared_from_this()](base::Result<Lease> granted) {
        // A std::function must be copyable and a lease is not, so it crosses to the loop in a shared box.
        auto box = std::make_shared<base::Result<Lease>>(std::move(granted));
        self->back_on_loop([self, box] { self->enter_conversation(std::move(*box)); });
      });
  if (!is_free) permit_->rest();
}

void Turn::enter_conversation(base::Result<Lease> lease) {
  if (!lease) return end(base::fail(lease.error()));
  lease_.emplace(std::move(*lease));
  if (client_left_) return end(base::fail(Code::cancelled, "the client left while it waited"));
  permit_->begin(ConcurrencyLimiter::Kind::stored);
  is_from_memory_ = lease_->is_loaded();
  if (is_from_memory_) return go_on_in_conversation();
  read_window();
}

void Turn::read_window() {
  parts_.store.load_window(
      *request_.conversation, parts_.window_messages,
      [self = shared_from_this()](base::Result<storage::Window> window) {
        self->back_on_loop([self, window = std::move(window)]() mutable { self->fill_window(std::move(window)); });
      });
}

void Turn::fill_window(base::Result<storage::Window> window) {
  if (!window) return end(base::fail(window.error()));
  if (request_.must_exist && !window->exists) return end(base::fail(Code::not_found, "no such conversation"));
  auto filled = lease_->fill(std::move(window->messages), window->last_sequence, window->revision,
                             parts_.summarizer ? std::move(window->summary) : conversation::Summary());
  if (!filled) return end_distrusting_memory(filled.error());
  go_on_in_conversation();
}

void Turn::go_on_in_conversation() {
  left_out_before_ = left_out();
  const bool appends = !request_.is_stored && !is_waiting_for_answer();
  // An earlier request with this question, which was not answered, may have stored it.
  const auto stored = appends || request_.is_stored ? 0 : static_cast<std::int64_t>(request_.messages.size());
  const bool has_gone_on = request_.after && *request_.after + stored != lease_->last_sequence();
  // Storage compares what is appended with what it follows. Before anything else is concluded from a copy in memory, it
  // is read again: another instance may have gone on with the conversation, or removed something from it.
  if ((has_gone_on || !appends) && std::exchange(is_from_memory_, false)) return read_window();
  if (has_gone_on) return end(base::fail(Code::conflict, "the conversation has gone on since"));
  if (!appends) return retrieve();
  append_question();
}

llm::LeftOut Turn::left_out() const {
  if (!parts_.summarizer) return {};
  return llm::left_out(lease_->window(), parts_.window_tokens, lease_->summary());
}

// Asked again, what has not been answered yet is not stored twice: the client was told that storage is unavailable
// though the question had reached it, or the answer never came.
bool Turn::is_waiting_for_answer() const {
  const auto& known = lease_->window();
  const auto& asked = request_.messages;
  // An answer without a word, interrupted, stands for one that never came.
  const auto end = std::find_if(known.rbegin(), known.rend(), [](const Message& message) {
    return message.role != Role::assistant || !message.interrupted || !message.content.empty();
  });
  const auto left = static_cast<std::size_t>(known.rend() - end);
  if (left == 0 || end->role != Role::user || left < asked.size()) return false;
  return std::equal(asked.rbegin(), asked.rend(), end, [](const Message& one, const Message& other) {
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
                       .revision = lease_->revision(),
                       .must_exist = request_.must_exist},
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
  permit_.reset();
  result_.status = std::move(status);
  events_.on_end(result_);
  events_ = {};
}

void Turn::in_order(std::function<void()> step) { serial_.run(std::move(step)); }

void Turn::back_on_loop(std::function<void()> step) {
  thread_.post([self = shared_from_this(), step = std::move(step)]() mutable { self->in_order(std::move(step)); });
}

}  // namespace chatcore
