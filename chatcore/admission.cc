#include "chatcore/admission.h"

#include <algorithm>
#include <chrono>
#include <limits>
#include <utility>

namespace chatcore {
namespace {

constexpr std::size_t kUnbounded = std::numeric_limits<std::size_t>::max();

ConcurrencyLimiterOptions limiter_options(const AdmissionLimits& limits) {
  ConcurrencyLimiterOptions options{.target = limits.target_delay};
  if (limits.max_turns != 0) options.most = limits.max_turns;
  options.first = std::min(options.first, options.most);
  options.least = std::min(options.least, options.most);
  return options;
}

}  // namespace

std::string_view name_of(Refusal refusal) {
  switch (refusal) {
    case Refusal::turns: return "turns";
    case Refusal::bytes: return "bytes";
    case Refusal::memory: return "memory";
    case Refusal::concurrency: return "concurrency";
    case Refusal::drain: return "drain";
  }
  return "turns";
}

Admission::Permit::~Permit() {
  rest();
  if (admission_->budget_) admission_->budget_->give_back(memory::Account::turns, bytes_);
  admission_->bytes_ -= bytes_.count;
  admission_->turns_ -= 1;
}

bool Admission::Permit::grow(base::Bytes bytes) {
  bytes_ += bytes;
  admission_->bytes_ += bytes.count;
  return !admission_->budget_ || admission_->budget_->add(memory::Account::turns, bytes);
}

void Admission::Permit::rest() {
  if (std::exchange(at_work_, false)) --admission_->at_work_;
}

void Admission::Permit::work() {
  if (!std::exchange(at_work_, true)) ++admission_->at_work_;
}

void Admission::Permit::begin(ConcurrencyLimiter::Kind kind) {
  work();
  kind_ = kind;
  since_ = std::chrono::steady_clock::now();
}

void Admission::Permit::begun() {
  const auto since = std::exchange(since_, std::nullopt);
  if (!since) return;
  const auto now = std::chrono::steady_clock::now();
  admission_->note_begun(kind_, now - *since, now);
}

Admission::Admission(AdmissionLimits limits, memory::Budget* budget)
    : max_turns_(limits.max_turns),
      max_bytes_in_flight_(limits.max_bytes_in_flight.count),
      target_delay_(limits.target_delay),
      budget_(budget),
      at_work_limit_(limits.target_delay.count() == 0 ? kUnbounded : limiter_options(limits).first),
      limiter_(limiter_options(limits)) {}

void Admission::configure(std::size_t max_turns, base::Bytes max_bytes_in_flight) {
  max_turns_ = max_turns;
  max_bytes_in_flight_ = max_bytes_in_flight.count;
}

std::optional<Refusal> Admission::closed() const {
  if (draining_) return Refusal::drain;
  const std::size_t most = max_turns_;
  if (most != 0 && turns_ >= most) return Refusal::turns;
  if (at_work_ >= at_work_limit_) return Refusal::concurrency;
  return std::nullopt;
}

Admission::Entry Admission::enter(base::Bytes bytes) {
  if (draining_) return tl::unexpected(Refusal::drain);
  // Asked before a place is taken: a refused turn has nothing to give back.
  if (budget_ && !budget_->take(memory::Account::turns, bytes)) return tl::unexpected(Refusal::memory);
  // Counted first and given back on refusal, so that two threads cannot both take the last place.
  const std::size_t turns = ++turns_;
  const std::int64_t held = bytes_ += bytes.count;
  auto permit = std::make_unique<Permit>(this, bytes);
  const std::size_t most = max_turns_;
  if (most != 0 && turns > most) return tl::unexpected(Refusal::turns);
  const std::int64_t most_bytes = max_bytes_in_flight_;
  if (most_bytes != 0 && held > most_bytes) return tl::unexpected(Refusal::bytes);
  permit->at_work_ = true;
  if (++at_work_ > at_work_limit_) return tl::unexpected(Refusal::concurrency);
  return permit;
}

void Admission::look(base::Duration late) {
  const std::lock_guard lock(limiter_mutex_);
  limiter_.record_lag(late, refused_.exchange(false));
  at_work_limit_ = limiter_.limit();
}

void Admission::note_begun(ConcurrencyLimiter::Kind kind, base::Duration took, base::SteadyTime now) {
  if (!is_limited()) return;
  const std::lock_guard lock(limiter_mutex_);
  limiter_.record(now, took, at_work_, kind);
  at_work_limit_ = limiter_.limit();
}

}  // namespace chatcore
