#include "chatcore/admission.h"

#include <algorithm>
#include <chrono>
#include <limits>
#include <utility>

namespace chatcore {
namespace {

constexpr std::size_t kUnbounded = std::numeric_limits<std::size_t>::max();

PaceOptions pace_options(const AdmissionLimits& limits) {
  PaceOptions options{.target = limits.target_delay};
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
    case Refusal::pace: return "pace";
    case Refusal::drain: return "drain";
  }
  return "turns";
}

Admission::Ticket::~Ticket() {
  rest();
  if (door_->budget_) door_->budget_->give_back(memory::Account::turns, bytes_);
  door_->bytes_ -= bytes_.count;
  door_->turns_ -= 1;
}

bool Admission::Ticket::grow(base::Bytes bytes) {
  bytes_ += bytes;
  door_->bytes_ += bytes.count;
  return !door_->budget_ || door_->budget_->add(memory::Account::turns, bytes);
}

void Admission::Ticket::rest() {
  if (std::exchange(at_work_, false)) --door_->at_work_;
}

void Admission::Ticket::work() {
  if (!std::exchange(at_work_, true)) ++door_->at_work_;
}

void Admission::Ticket::begin(Pace::Kind kind) {
  work();
  kind_ = kind;
  since_ = std::chrono::steady_clock::now();
}

void Admission::Ticket::begun() {
  const auto since = std::exchange(since_, std::nullopt);
  if (!since) return;
  const auto now = std::chrono::steady_clock::now();
  door_->note_begun(kind_, now - *since, now);
}

Admission::Admission(AdmissionLimits limits, memory::Budget* budget)
    : max_turns_(limits.max_turns),
      max_bytes_in_flight_(limits.max_bytes_in_flight.count),
      target_delay_(limits.target_delay),
      budget_(budget),
      at_work_limit_(limits.target_delay.count() == 0 ? kUnbounded : pace_options(limits).first),
      pace_(pace_options(limits)) {}

void Admission::configure(std::size_t max_turns, base::Bytes max_bytes_in_flight) {
  max_turns_ = max_turns;
  max_bytes_in_flight_ = max_bytes_in_flight.count;
}

std::optional<Refusal> Admission::closed() const {
  if (draining_) return Refusal::drain;
  const std::size_t most = max_turns_;
  if (most != 0 && turns_ >= most) return Refusal::turns;
  if (at_work_ >= at_work_limit_) return Refusal::pace;
  return std::nullopt;
}

Admission::Entry Admission::enter(base::Bytes bytes) {
  if (draining_) return tl::unexpected(Refusal::drain);
  // Asked before a place is taken: a refused turn has nothing to give back.
  if (budget_ && !budget_->take(memory::Account::turns, bytes)) return tl::unexpected(Refusal::memory);
  // Counted first and given back on refusal, so that two threads cannot both take the last place.
  const std::size_t turns = ++turns_;
  const std::int64_t held = bytes_ += bytes.count;
  auto ticket = std::make_unique<Ticket>(this, bytes);
  const std::size_t most = max_turns_;
  if (most != 0 && turns > most) return tl::unexpected(Refusal::turns);
  const std::int64_t most_bytes = max_bytes_in_flight_;
  if (most_bytes != 0 && held > most_bytes) return tl::unexpected(Refusal::bytes);
  ticket->at_work_ = true;
  if (++at_work_ > at_work_limit_) return tl::unexpected(Refusal::pace);
  return ticket;
}

void Admission::look(base::Duration late) {
  const std::lock_guard lock(pace_mutex_);
  pace_.looked(late, refused_.exchange(false));
  at_work_limit_ = pace_.limit();
}

void Admission::note_begun(Pace::Kind kind, base::Duration took, base::SteadyTime now) {
  if (!is_paced()) return;
  const std::lock_guard lock(pace_mutex_);
  pace_.begun(now, took, at_work_, kind);
  at_work_limit_ = pace_.limit();
}

}  // namespace chatcore
