#include "chatcore/retention.h"

#include <algorithm>
#include <functional>
#include <optional>
#include <utility>
#include <vector>

#include "base/log.h"

namespace chatcore {
namespace {

using storage::OldConversation;

// Conversations removed at a time, between which other writes are committed: such a commit takes a few milliseconds.
constexpr std::size_t kSlice = 32;
constexpr std::size_t kListed = 1000;

// Finding what is old reads every conversation, so it is done 24 times within the shortest limit, and at least hourly.
constexpr std::chrono::hours kLongestInterval{1};
constexpr int kTimesPerLimit = 24;

bool is_off(base::Duration limit) { return limit.count() <= 0; }

base::Duration interval_of(const RetentionLimits& limits) {
  base::Duration interval = kLongestInterval;
  for (const base::Duration limit : {limits.conversations, limits.responses}) {
    if (!is_off(limit)) interval = std::min(interval, limit / kTimesPerLimit);
  }
  return interval;
}

}  // namespace

// One sweep. The store calls back on its own threads; all steps run on one loop thread.
class Retention::Sweep : public std::enable_shared_from_this<Sweep> {
 public:
  // `checks_age`: false for the database's size alone.
  Sweep(const RetentionLimits& limits, const RetentionParts& parts, bool checks_age, std::function<void()> done)
      : limits_(limits),
        parts_(parts),
        checks_age_(checks_age),
        done_(std::move(done)),
        thread_(parts.loop.this_thread()),
        began_(parts.clock.steady_now()),
        wall_(parts.clock.wall_now()) {}

  void begin() {
    if (!checks_age_) return measure();
    list_expired();
  }

 private:
  enum class Why { age, size };

  void list_expired() {
    storage::OldRequest request{.limit = kListed};
    if (!is_off(limits_.conversations)) request.listed_before = wall_ - limits_.conversations;
    if (!is_off(limits_.responses)) request.unlisted_before = wall_ - limits_.responses;
    list(request, Why::age);
  }

  // Removes the least recently used, a slice at a time, until the database is within the limit.
  void measure() {
    if (limits_.max_size.count <= 0) return end({});
    parts_.store.used_bytes(on_loop<base::Bytes>([](Sweep& self, base::Result<base::Bytes> used) {
      if (!used) return self.end(base::fail(used.error()));
      if (*used <= self.limits_.max_size) return self.end({});
      // One second ahead of now: includes every conversation.
      const auto all = self.parts_.clock.wall_now() + std::chrono::seconds(1);
      self.list({.listed_before = all, .unlisted_before = all, .limit = kSlice}, Why::size);
    }));
  }

  void list(const storage::OldRequest& request, Why why) {
    parts_.store.list_old(request, on_loop<std::vector<OldConversation>>(
                                       [why](Sweep& self, base::Result<std::vector<OldConversation>> found) {
                                         if (!found) return self.end(base::fail(found.error()));
                                         self.remove(std::move(*found), why);
                                       }));
  }

  void remove(std::vector<OldConversation> old, Why why) {
    old_ = std::move(old);
    why_ = why;
    next_ = 0;
    removed_in_list_ = 0;
    remove_slice();
  }

  void remove_slice() {
    const std::size_t last = std::min(next_ + kSlice, old_.size());
    if (next_ == last) return go_on_after_list();
    left_in_slice_ = last - next_;
    for (; next_ < last; ++next_) {
      const OldConversation& old = old_[next_];
      parts_.store.remove_unused(old.key, old.last_used, on_loop<bool>([old](Sweep& self, base::Result<bool> removed) {
                                   self.count(old, std::move(removed));
                                 }));
    }
  }

  void count(const OldConversation& old, base::Result<bool> removed) {
    if (!removed) error_ = removed.error();
    if (removed && *removed) {
      parts_.registry.forget(old.key);
      parts_.metrics.retention_removed(old.listed, why_ == Why::size);
      ++removed_in_list_;
      ++(old.listed ? conversations_ : responses_);
    }
    if (--left_in_slice_ > 0) return;
    if (error_) return end(base::fail(*error_));
    remove_slice();
  }

  void go_on_after_list() {
    // Nothing was removed: none were left, or all of them were used meanwhile. The next sweep tries again.
    const bool has_more = removed_in_list_ > 0;
    if (why_ == Why::size) return has_more ? measure() : end({});
    return has_more ? list_expired() : measure();
  }

  void end(const base::Status& status) {
    if (!status)
      base::log_warning("retention sweep failed: the next sweep tries again", {{"error", status.error().message}});
    if (conversations_ + responses_ != 0) {
      base::log_info("retention sweep removed conversations and responses",
                     {{"conversations", conversations_},
                      {"responses", responses_},
                      {"took", base::format_duration(parts_.clock.steady_now() - began_)}});
    }
    if (done_) done_();
  }

  template <class Value, class Step>
  std::function<void(base::Result<Value>)> on_loop(Step step) {
    return [self = shared_from_this(), step = std::move(step)](base::Result<Value> value) {
      self->thread_.post([self, step, value = std::move(value)]() mutable { step(*self, std::move(value)); });
    };
  }

  const RetentionLimits limits_;
  const RetentionParts parts_;
  const bool checks_age_;
  const std::function<void()> done_;
  const base::LoopThread thread_;  // all steps are on it
  const base::SteadyTime began_;
  const base::WallTime wall_;
  std::vector<OldConversation> old_;
  std::size_t next_ = 0;
  std::size_t removed_in_list_ = 0;
  std::size_t left_in_slice_ = 0;
  Why why_ = Why::age;
  std::optional<base::Error> error_;
  std::uint64_t conversations_ = 0;
  std::uint64_t responses_ = 0;
};

Retention::Retention(RetentionLimits limits, RetentionParts parts) : limits_(limits), parts_(parts) {}

Retention::~Retention() = default;

void Retention::sweep(std::function<void()> done) {
  std::shared_ptr<Sweep> sweep;
  {
    const std::lock_guard lock(mutex_);
    if (!under_way_.expired()) return;
    const base::SteadyTime now = parts_.clock.steady_now();
    const bool has_limits = !is_off(limits_.conversations) || !is_off(limits_.responses);
    const bool checks_age = has_limits && (!age_checked_at_ || now - *age_checked_at_ >= interval_of(limits_));
    if (checks_age) age_checked_at_ = now;
    sweep = std::make_shared<Sweep>(limits_, parts_, checks_age, std::move(done));
    under_way_ = sweep;
  }
  sweep->begin();
}

bool Retention::is_under_way() const {
  const std::lock_guard lock(mutex_);
  return !under_way_.expired();
}

}  // namespace chatcore
