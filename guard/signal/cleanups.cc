#include "guard/signal/cleanups.h"

#include <algorithm>
#include <cstdlib>
#include <utility>

namespace guard::signal {
namespace {

// A cleanup is looked at for a quarter of its interval on both sides, within these: an allocator gives back within
// seconds, and other things happen within minutes.
constexpr base::Duration kShortestStretch = std::chrono::seconds(2);
constexpr base::Duration kLongestStretch = std::chrono::minutes(1);
// Less than this, and less than so much of the memory, is noise.
constexpr base::Bytes kNoise = base::mebibytes(1);
constexpr std::int64_t kNoisePart = 500;
// So many cleanups make a habit.
constexpr std::uint64_t kEnough = 3;

std::int64_t given_back(const Cleanup& cleanup) { return cleanup.before.count - cleanup.after.count; }

bool is_noise(std::int64_t bytes, base::Bytes memory) {
  return std::abs(bytes) < std::max(kNoise.count, memory.count / kNoisePart);
}

// What the lines themselves say of it, in the first of their numbers; "" when they have none.
std::string describe_captures(const std::vector<Cleanup>& recent) {
  const auto& captures = recent.back().captures;
  if (captures.empty()) return {};
  const auto& [name, last] = *captures.begin();
  const bool removed_nothing = std::ranges::all_of(recent, [&name = name](const Cleanup& cleanup) {
    const auto found = cleanup.captures.find(name);
    return found != cleanup.captures.end() && found->second == 0;
  });
  if (removed_nothing) return " (" + name + " was 0 each time: it finds nothing to remove)";
  return " (its last line: " + name + " " + std::to_string(static_cast<std::int64_t>(last)) + ")";
}

}  // namespace

bool CleanupEffect::frees_nothing() const {
  if (!recent || recent->size() < kEnough) return false;
  const std::int64_t median = median_given_back(*this);
  return median <= 0 || is_noise(median, recent->back().after);
}

std::int64_t median_given_back(const CleanupEffect& effect) {
  if (!effect.recent || effect.recent->empty()) return 0;
  std::vector<std::int64_t> amounts;
  for (const Cleanup& cleanup : *effect.recent) amounts.push_back(given_back(cleanup));
  const auto middle = amounts.begin() + static_cast<std::ptrdiff_t>(amounts.size() / 2);
  std::ranges::nth_element(amounts, middle);
  return *middle;
}

std::string describe(const CleanupEffect& effect, bool memory_grows) {
  if (!effect.recent || effect.recent->empty()) return {};
  const std::vector<Cleanup>& recent = *effect.recent;
  std::string words = std::to_string(recent.size()) + (recent.size() == 1 ? " cleanup, " : " cleanups, ");
  const std::int64_t median = median_given_back(effect);
  if (median > 0 && !is_noise(median, recent.back().after))
    words += base::format_bytes(base::Bytes{median}) + " given back" + (recent.size() == 1 ? "" : " each");
  else
    words += "0 MiB given back";
  if (memory_grows && effect.frees_nothing()) words += ": the cleanup runs but does not free";
  return words + describe_captures(recent);
}

void CleanupTracker::observe(const sample::LogWatch& watch, const sample::Reading<base::Bytes>& memory,
                             base::Duration every, base::SteadyTime now) {
  const base::Duration stretch = std::clamp(every / 4, kShortestStretch, kLongestStretch);
  const bool is_new = matches_ && watch.matches > *matches_;
  matches_ = watch.matches;
  if (is_new) begin(watch, stretch, now);
  if (!memory) return;
  if (pending_) {
    Cleanup& cleanup = pending_->cleanup;
    cleanup.after = pending_->seen_after ? std::min(cleanup.after, *memory) : *memory;
    pending_->seen_after = true;
    if (now >= pending_->until) finish();
  }
  remember(*memory, stretch, now);
}

void CleanupTracker::begin(const sample::LogWatch& watch, base::Duration stretch, base::SteadyTime now) {
  if (pending_) finish();
  if (!lowest_) return;  // nothing is known of before
  pending_ = Pending{{.at = watch.last_match_wall.value_or(base::WallTime{}),
                      .before = std::min(*lowest_, lowest_before_.value_or(*lowest_)),
                      .after = {},
                      .captures = watch.captures},
                     watch.last_match.value_or(now) + stretch};
}

void CleanupTracker::remember(base::Bytes memory, base::Duration stretch, base::SteadyTime now) {
  const base::Duration passed = now - half_began_;
  if (!lowest_ || passed >= stretch / 2) {
    lowest_before_ = passed < stretch ? lowest_ : std::nullopt;
    lowest_ = memory;
    half_began_ = now;
    return;
  }
  lowest_ = std::min(*lowest_, memory);
}

void CleanupTracker::finish() {
  const bool is_known = pending_->seen_after;
  Cleanup cleanup = std::move(pending_->cleanup);
  pending_.reset();
  if (!is_known) return;
  ++effect_.judged;
  // What was handed out before keeps the list that it has.
  auto recent = std::make_shared<std::vector<Cleanup>>();
  if (effect_.recent) {
    const std::size_t leaving = effect_.recent->size() >= kMost ? effect_.recent->size() - kMost + 1 : 0;
    recent->assign(effect_.recent->begin() + static_cast<std::ptrdiff_t>(leaving), effect_.recent->end());
  }
  recent->push_back(std::move(cleanup));
  effect_.recent = std::move(recent);
}

void CleanupTracker::restart() {
  pending_.reset();
  lowest_.reset();
  lowest_before_.reset();
}

}  // namespace guard::signal
