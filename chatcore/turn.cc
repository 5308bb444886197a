#include "chatcore/turn.h"

#include <algorithm>
#include <chrono>
#include <utility>

#include "base/log.h"
#include "base/utf8.h"
#include "chatcore/llm/prompt_messages.h"
#include "chatcore/llm/reduced_prompt.h"
#include "chatcore/llm/summary_prompt.h"
#include "chatcore/llm/token_window.h"

namespace chatcore {
namespace {

using base::Code;
using conversation::Lease;
using conversation::Message;
using conversation::Role;

// With so much not yet taken by the client the answerer is paused until it has taken all.
constexpr std::size_t kSlowClientBytes = 64u << 10;

// When the response starts although there is no text yet. Proxies wait 60 s for the first byte. A backend that accepts
// a request and then fails usually does so at once: an error in that time still sets the HTTP status.
constexpr base::Duration kLongestSilence = std::chrono::seconds(30);
constexpr base::Duration kSilenceAfterAccepted = std::chrono::milliseconds(500);

const std::string& question_of(const std::vector<Message>& messages) {
  const auto question =
      std::find_if(messages.rbegin(), messages.rend(), [](const auto& message) { return message.role == Role::user; });
  return question == messages.rend() ? messages.back().content : question->content;
}

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

// --- window

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

// --- append the question

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

// --- retrieve

// A broken vector store was reported when it was loaded and shows in the metrics; an answer without chunks is better
// than none.
void Turn::retrieve() {
  if (!parts_.retriever.is_cpu_bound()) {
    permit_->begun();
    permit_->rest();
  }
  if (client_left_) return end(base::fail(Code::cancelled, "the client left before the answer began"));
  step_ = Step::retrieving;
  parts_.retriever.retrieve(question_of(request_.messages),
                            [self = shared_from_this()](base::Result<std::vector<retrieval::RetrievedChunk>> found) {
                              self->back_on_loop([self, chunks = std::move(found).value_or(
                                                            std::vector<retrieval::RetrievedChunk>())]() mutable {
                                self->generate(std::move(chunks));
                              });
                            });
}

// --- generate

void Turn::generate(std::vector<retrieval::RetrievedChunk> chunks) {
  if (step_ != Step::retrieving) return;  // its client has left meanwhile
  step_ = Step::generating;
  has_chunks_ = !chunks.empty();
  auto prompt = compose_prompt(std::move(chunks));
  // The answerer holds the prompt, or a request made of it, until the answer has ended. A smaller prompt that may
  // follow takes its place.
  const base::Bytes kept = llm::size_of(request_.passed_on);
  if (!permit_->grow(llm::size_of(prompt) + kept + parts_.answerer.cost())) {
    return end(base::fail(Code::exhausted, "no room for the prompt"));
  }
  first_asked_ = std::chrono::steady_clock::now();
  ask(std::move(prompt));
  permit_->begun();
  write_or_wait();
}

void Turn::ask(llm::Prompt prompt) {
  result_.prompt_tokens = llm::estimate_tokens(prompt);
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
           },
       .on_accepted =
           [self = shared_from_this()] { self->in_order([self] { self->begin_answer_after(kSilenceAfterAccepted); }); },
       .on_first_byte =
           [self = shared_from_this()] {
             self->in_order([self] {
               if (self->step_ == Step::generating) self->begin_answer();
             });
           },
       .on_part =
           [self = shared_from_this()](llm::AnswerPart part, std::string_view piece) {
             self->in_order([self, part, piece = std::string(piece)] { self->take_part(part, piece); });
           },
       .on_held = [self = shared_from_this()](
                      std::size_t bytes) { self->in_order([self, bytes] { self->take_held(bytes); }); }},
      parts_.loop);
  if (!parts_.answerer.is_cpu_bound()) begin_answer_after(kLongestSilence - (generation_began_ - first_asked_));
}

void Turn::write_or_wait() {
  if (parts_.answerer.is_cpu_bound())
    permit_->work();
  else
    permit_->rest();
}

// A stateless prompt is as long as its client wants it.
std::vector<conversation::Message> Turn::whole_messages() const {
  if (!lease_) return request_.messages;
  return llm::within_tokens(llm::without_unanswered(lease_->window(), request_.messages.size()), parts_.window_tokens,
                            lease_->summary());
}

llm::Prompt Turn::compose_prompt(std::vector<retrieval::RetrievedChunk> chunks) {
  const bool is_whole = extent_ == llm::PromptExtent::full;
  llm::Prompt prompt{
      .messages = is_whole ? whole_messages()
                           : llm::within_tokens(llm::reduced_messages(extent_, lease_->window(), request_.messages),
                                                parts_.window_tokens),
      .chunks = std::move(chunks),
      .max_tokens = request_.max_tokens,
      .sampling = request_.sampling,
      .stop = request_.stop,
      // In a conversation a smaller prompt may need it again.
      .passed_on = lease_ ? request_.passed_on : std::move(request_.passed_on),
      .summary = lease_ && is_whole ? llm::summary_note(lease_->summary()) : "",
      .caller = caller(),
      .is_repeat = !is_whole};
  if (!request_.instructions.empty()) {
    prompt.messages.insert(prompt.messages.begin(), {.role = Role::system, .content = request_.instructions});
  }
  return prompt;
}

// A stateless conversation is identified by its first messages, which its client sends again each time.
llm::Caller Turn::caller() const {
  const std::string& user = request_.conversation ? request_.conversation->user : request_.user;
  const auto first = std::ranges::find_if(request_.messages, [](const auto& one) { return one.role != Role::system; });
  const std::string& name = request_.conversation              ? request_.conversation->id
                            : first != request_.messages.end() ? first->content
                                                               : request_.messages.back().content;
  return {.user = user.empty() ? 0 : llm::caller_hash(user), .conversation = llm::caller_hash(name)};
}

void Turn::take_text(std::string_view text) {
  if (step_ != Step::generating) return;
  begin_answer();
  const auto most = static_cast<std::size_t>(parts_.max_answer.count);
  const std::string_view kept =
      most == 0 ? text : base::utf8_prefix(text, most - std::min(most, answer_.content.size()));
  answer_.content += kept;
  const bool has_room = permit_->grow({static_cast<std::int64_t>(kept.size())});
  take_queued(events_.on_text(kept));
  const bool is_longest = most != 0 && (kept.size() < text.size() || answer_.content.size() >= most);
  if (is_longest || !has_room) cut_answer();
}

void Turn::take_part(llm::AnswerPart part, std::string_view piece) {
  if (step_ != Step::generating) return;
  begin_answer();
  if (part == llm::AnswerPart::refusal && !request_.takes_refusals) return take_text(piece);
  if (part == llm::AnswerPart::fields && !request_.takes_fields) return;
  has_fields_ = has_fields_ || part == llm::AnswerPart::fields;
  if (!events_.on_part) return;
  // A client that does not stream: the parts are held in memory until the end.
  part_bytes_ += piece.size();
  const bool has_room = permit_->grow({static_cast<std::int64_t>(piece.size())});
  take_queued(events_.on_part(part, piece));
  const bool is_longest =
      parts_.max_answer.count != 0 && static_cast<std::int64_t>(part_bytes_) >= parts_.max_answer.count;
  if (is_longest || !has_room) cut_answer();
}

void Turn::take_held(std::size_t bytes) {
  if (step_ != Step::generating || bytes <= held_bytes_) return;
  const bool has_room = permit_->grow({static_cast<std::int64_t>(bytes - held_bytes_)});
  held_bytes_ = bytes;
  if (!has_room) cut_answer();
}

void Turn::take_queued(std::size_t bytes) {
  if (bytes <= kSlowClientBytes || paused_) return;
  paused_ = true;
  generation_->pause();
  permit_->rest();
}

void Turn::cut_answer() {
  begin_answer();
  result_.cut = true;
  answer_.interrupted = true;
  stop_generating();
  append_answer();
}

void Turn::take_end(const llm::Generated& generated) {
  if (step_ != Step::generating) return;
  if (ask_with_smaller_prompt(generated)) return;
  result_.status = generated.status;
  const bool says_nothing = answer_.content.empty() && generated.calls_tools && !has_fields_;
  if (says_nothing && result_.status) {
    base::Error error{Code::unavailable, "the language model called a tool instead of answering"};
    error.remote =
        std::make_shared<const base::Remote>(base::Remote{.side = "the language model", .saw_request = true});
    result_.status = base::fail(std::move(error));
  }
  if (result_.status) begin_answer();
  if (generated.usage) result_.prompt_tokens = generated.usage->prompt;
  if (generated.usage) result_.answer_tokens = generated.usage->answer;
  result_.cut = generated.is_cut;
  result_.filtered = generated.is_filtered;
  result_.calls_tools = generated.calls_tools && request_.takes_fields;
  answer_.interrupted = generated.is_cut || generated.is_filtered || !result_.status;
  stop_generating();
  append_answer();
}

// If the backend refuses something in the conversation, the question is asked without the conversation, in the same
// turn. Returns whether it did.
bool Turn::ask_with_smaller_prompt(const llm::Generated& generated) {
  if (!lease_ || has_output() || !llm::may_succeed_if_reduced(generated)) return false;
  const bool has_summary = !lease_->summary().content.empty();
  // Messages that are passed on are sent instead of the conversation's.
  const auto next =
      request_.passed_on.messages.empty()
          ? llm::next_extent(extent_, whole_messages(), has_chunks_ || has_summary, lease_->window(), request_.messages)
          : llm::next_extent(extent_, {}, has_chunks_, {}, {});
  if (!next) return false;
  result_.status = generated.status;
  drop_generation();
  result_.status = {};
  extent_ = *next;
  ask(compose_prompt({}));
  return true;
}

bool Turn::has_output() const { return !answer_.content.empty() || part_bytes_ != 0 || has_fields_; }

void Turn::report_reduced_prompt() const {
  parts_.metrics.prompt_reduced();
  base::log_warning(
      "The full prompt failed; the question was answered with a reduced prompt",
      {{"conversation", request_.conversation->id},
       {"sent",
        extent_ == llm::PromptExtent::without_turns ? "without earlier turns, summary and passages" : "request only"}});
}

void Turn::begin_answer() {
  if (std::exchange(answer_begun_, true)) return;
  silence_.cancel();
  events_.on_begin(lease_ ? lease_->last_sequence() + 1 : 0);
}

void Turn::begin_answer_after(base::Duration silence) {
  if (step_ != Step::generating || answer_begun_) return;
  silence_ = parts_.loop.after(std::max(silence, base::Duration::zero()), [weak = weak_from_this()] {
    const auto self = weak.lock();
    if (!self) return;
    self->in_order([self] {
      if (self->step_ == Step::generating) self->begin_answer();
    });
  });
}

void Turn::client_caught_up() {
  in_order([self = shared_from_this()] {
    if (!self->paused_ || !self->generation_) return;
    self->paused_ = false;
    self->write_or_wait();
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
    // The chunks may be long in coming, and are not waited for.
    if (self->step_ == Step::retrieving) return self->end(base::fail(Code::cancelled, "the client left"));
    self->answer_.interrupted = true;
    self->result_.status = base::fail(Code::cancelled, "the client left");
    self->stop_generating();
    self->append_answer();
  });
}

void Turn::stop_generating() {
  silence_.cancel();
  drop_generation();
}

void Turn::drop_generation() {
  const auto took = std::chrono::steady_clock::now() - generation_began_;
  parts_.metrics.generation_ended(result_.status ? "ok" : name_of(result_.status.error().code), took);
  generation_->cancel();
  // This may run inside one of the generation's own events, so it is destroyed after that has returned.
  parts_.loop.post([generation = std::shared_ptr<llm::Generation>(std::move(generation_))] {});
}

// --- append the answer, account

void Turn::append_answer() {
  step_ = Step::storing_answer;
  permit_->work();
  if (extent_ != llm::PromptExtent::full && result_.status && has_output()) report_reduced_prompt();
  if (result_.answer_tokens == 0) result_.answer_tokens = llm::estimate_tokens(answer_.content);
  // An answer without a word is one, and was announced as such, when it came to a good end.
  if (!lease_ || !is_to_be_kept()) return end(result_.status);
  // A response that failed before its first text has no id that a client knows.
  if (answer_.content.empty() && !result_.status) request_.response_id.clear();
  parts_.store.append({.key = *request_.conversation,
                       .message = answer_,
                       .after = lease_->last_sequence(),
                       .response_id = request_.response_id,
                       .revision = lease_->revision(),
                       .may_have_lost_messages = true},
                      [self = shared_from_this()](base::Result<std::int64_t> sequence) {
                        self->back_on_loop([self, sequence = std::move(sequence)]() mutable {
                          self->keep_answer(std::move(sequence));
                        });
                      });
}

// Only if this question caused the failure. After other failures the next prompt includes the question. A question that
// is sent again and again is marked at most twice: more marks have no effect.
bool Turn::is_to_be_kept() const {
  // The client sends the calls again with their outputs; the question is answered then.
  if (result_.calls_tools && result_.status && answer_.content.empty()) return false;
  if (!answer_.content.empty() || result_.status) return true;
  const auto& known = lease_->window();
  constexpr std::size_t kMostMarks = 2;
  if (known.size() > kMostMarks && std::all_of(known.end() - kMostMarks, known.end(), [](const auto& message) {
        return message.role == Role::assistant && message.content.empty();
      })) {
    return false;
  }
  const auto& remote = result_.status.error().remote;
  return remote && remote->saw_request;
}

void Turn::keep_answer(base::Result<std::int64_t> sequence) {
  const bool is_mark = answer_.content.empty() && !result_.status;
  if (!sequence && is_mark) return end_distrusting_memory(result_.status.error());
  if (!sequence) return end_distrusting_memory(sequence.error().within("store the answer"));
  if (!is_mark) result_.sequence = *sequence;
  answer_.sequence = *sequence;
  // The answer is safe in storage, so no room for it in memory is not the client's failure.
  if (!lease_->append(std::move(answer_))) parts_.registry.forget(*request_.conversation);
  const llm::LeftOut now = left_out();
  end(result_.status);
  if (parts_.summarizer) parts_.summarizer->turn_ended(*request_.conversation, left_out_before_, now);
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
