#include "chatcore/summarizer.h"

#include <string>
#include <utility>
#include <vector>

#include "base/log.h"
#include "base/serial.h"
#include "chatcore/llm/summary_prompt.h"

namespace chatcore {

using base::Code;
using conversation::ConversationKey;
using conversation::Message;
using conversation::Role;
using conversation::Summary;

namespace {

// Its own state and the exchange, besides texts.
constexpr base::Bytes kOverhead = base::kibibytes(16);

}  // namespace

// One summary on its way. Its steps run one at a time on the loop; it keeps itself alive through what it waits for.
class Summarizer::Work : public std::enable_shared_from_this<Work> {
 public:
  Work(Summarizer& owner, ConversationKey key, std::int64_t before)
      : owner_(owner), parts_(owner.parts_), key_(std::move(key)), before_(before) {}
  ~Work() { parts_.budget.give_back(memory::Account::turns, held_); }
  Work(const Work&) = delete;
  Work& operator=(const Work&) = delete;

  // Room for what it holds besides texts.
  bool take_room() {
    const base::Bytes needed = kOverhead + parts_.writer.cost();
    if (!parts_.budget.take(memory::Account::turns, needed)) return false;
    held_ = needed;
    return true;
  }

  // What there is by now, which another instance may have changed.
  void begin() { parts_.store.load_window(key_, 1, on_loop(&Work::take_window)); }

  void cancel() {
    in_order([self = shared_from_this()] { self->end(Result::cancelled); });
  }

 private:
  void take_window(base::Result<storage::Window> window) {
    if (!window) return fail(window.error());
    if (!window->exists || before_ - 1 - window->summary.up_to < static_cast<std::int64_t>(parts_.every)) {
      return end(Result::outdated);
    }
    revision_ = window->revision;
    former_ = std::move(window->summary);
    if (!window->messages.empty() && window->messages.front().role == Role::system) {
      system_message_ = window->messages.front().sequence;
    }
    // More than are due, so that a conversation that is far behind comes nearer with each.
    parts_.store.list_messages(key_, {.after = former_.up_to, .limit = 2 * parts_.every},
                               on_loop(&Work::take_messages));
  }

  void take_messages(base::Result<std::optional<storage::Page>> page) {
    if (!page) return fail(page.error());
    if (!*page) return end(Result::outdated);
    std::vector<Message>& messages = (*page)->messages;
    // The system message is in every prompt anyway.
    std::erase_if(messages, [this](const Message& message) {
      return message.sequence >= before_ || message.sequence == system_message_;
    });
    if (messages.empty()) return end(Result::outdated);
    std::size_t bytes = 0;
    for (const Message& message : messages) bytes += message.content.size();
    if (!grow(bytes)) return end(Result::skipped);
    ask(messages);
  }

  void ask(const std::vector<Message>& messages) {
    const auto known = parts_.writer.statistics();
    const std::size_t context = known ? known->learned.context_tokens.value_or(0) : 0;
    auto asked = llm::summary_prompt(former_, messages, max_bytes(), llm::summary_material_bytes(context));
    asked.prompt.caller = {.user = key_.user.empty() ? 0 : llm::caller_hash(key_.user),
                           .conversation = llm::caller_hash(key_.id)};
    up_to_ = asked.up_to;
    if (!grow(static_cast<std::size_t>(llm::size_of(asked.prompt).count))) return end(Result::skipped);
    generation_ = parts_.writer.generate(
        std::move(asked.prompt),
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

  void take_text(std::string_view text) {
    if (!generation_) return;
    text_ += text;
    // One that does not end is cut; what follows would not be kept.
    if (text_.size() > max_bytes()) keep();
  }

  void take_end(const llm::Generated& generated) {
    if (!generation_) return;
    if (!generated.status) return fail(generated.status.error());
    keep();
  }

  void keep() {
    stop_generating();
    std::string content = llm::kept_summary(text_, max_bytes());
    if (content.empty()) return fail({Code::unavailable, "the language model said nothing"});
    const auto done = on_loop(&Work::take_kept);
    parts_.store.keep_summary(
        {.key = key_, .revision = revision_, .summary = {.content = std::move(content), .up_to = up_to_}}, done);
  }

  void take_kept(base::Result<bool> kept) {
    if (!kept) return fail(kept.error());
    end(*kept ? Result::ok : Result::outdated);
  }

  void fail(const base::Error& error) {
    if (has_ended_) return;
    base::log_warning("summary failed", {{"conversation", key_.id}, {"error", error.message}});
    end(Result::failed);
  }

  void end(Result result) {
    if (std::exchange(has_ended_, true)) return;
    stop_generating();
    owner_.ended(key_, result);
  }

  void stop_generating() {
    if (!generation_) return;
    generation_->cancel();
    // This may run inside one of the generation's own events, so it is destroyed after that has returned.
    parts_.loop.post([generation = std::shared_ptr<llm::Generation>(std::move(generation_))] {});
  }

  // Counts bytes that are there already. False: there is no room for them.
  bool grow(std::size_t bytes) {
    const base::Bytes more{static_cast<std::int64_t>(bytes)};
    held_ += more;
    return parts_.budget.add(memory::Account::turns, more);
  }

  [[nodiscard]] std::size_t max_bytes() const { return static_cast<std::size_t>(parts_.max_size.count); }

  void in_order(std::function<void()> step) { serial_.run(std::move(step)); }

  // A step with what the store has to say, unless this was cancelled meanwhile.
  template <class T>
  std::function<void(T)> on_loop(void (Work::*step)(T)) {
    return [self = shared_from_this(), step](T value) {
      self->parts_.loop.post([self, step, value = std::move(value)]() mutable {
        self->in_order([self, step, value = std::move(value)]() mutable {
          if (!self->has_ended_) ((*self).*step)(std::move(value));
        });
      });
    };
  }

  Summarizer& owner_;
  const SummarizerParts parts_;  // of its own: a step that never comes may outlive the summarizer on the loop
  const ConversationKey key_;
  const std::int64_t before_;  // what is folded precedes this message
  base::Serial serial_;        // guards all below
  base::Bytes held_;
  std::int64_t revision_ = 0;
  std::int64_t system_message_ = 0;  // its place; 0: there is none
  Summary former_;
  std::int64_t up_to_ = 0;
  std::unique_ptr<llm::Generation> generation_;
  std::string text_;
  bool has_ended_ = false;
};

bool is_summary_due(const llm::LeftOut& before, const llm::LeftOut& now, std::size_t every) {
  const auto step = static_cast<std::int64_t>(every);
  return now.messages / step > before.messages / step;
}

std::string_view Summarizer::name_of(Result result) {
  switch (result) {
    case Result::ok: return "ok";
    case Result::failed: return "failed";
    case Result::outdated: return "outdated";
    case Result::skipped: return "skipped";
    case Result::cancelled: return "cancelled";
  }
  return "failed";
}

void Summarizer::turn_ended(const ConversationKey& key, const llm::LeftOut& before, const llm::LeftOut& now) {
  if (!is_summary_due(before, now, parts_.every)) return;
  auto work = std::make_shared<Work>(*this, key, now.before);
  {
    const std::lock_guard lock(mutex_);
    if (stopped_ || under_way_.contains(key)) return;
    if (is_busy() || !work->take_room()) return parts_.metrics.summary_ended(name_of(Result::skipped));
    under_way_.emplace(key, work);
  }
  work->begin();
}

// With the lock held.
bool Summarizer::is_busy() const {
  const auto turns = parts_.answerer.statistics();
  const auto own = parts_.writer.statistics();
  return under_way_.size() >= kMostAtOnce || parts_.admission.closed() ||
         (turns && turns->breaker != llm::BreakerState::closed) || (own && own->breaker == llm::BreakerState::open);
}

void Summarizer::stop() {
  std::map<ConversationKey, std::shared_ptr<Work>> cut;
  {
    const std::lock_guard lock(mutex_);
    stopped_ = true;
    cut = under_way_;
  }
  for (const auto& [key, work] : cut) work->cancel();
}

void Summarizer::ended(const ConversationKey& key, Result result) {
  parts_.metrics.summary_ended(name_of(result));
  // What is in memory is older than what is stored now: the next turn reads it back.
  if (result == Result::ok || result == Result::outdated) parts_.registry.forget(key);
  const std::lock_guard lock(mutex_);
  under_way_.erase(key);
}

}  // namespace chatcore
