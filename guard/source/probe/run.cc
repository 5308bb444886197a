#include "guard/source/probe/run.h"

#include <algorithm>
#include <utility>

namespace guard::source {

ProbeRun::ProbeRun(std::string workload, std::string name, Timing timing) : timing_(timing) {
  seen_.workload = std::move(workload);
  seen_.name = std::move(name);
}

void ProbeRun::forget() {
  seen_.able = true;
  seen_.why.clear();
  seen_.last_answer.reset();
  seen_.passes_in_row = seen_.failures_in_row = 0;
  due_.reset();
}

bool ProbeRun::observe(const sample::Workload& workload, base::SteadyTime now, base::WallTime wall) {
  const auto state = workload.lifecycle.state;
  if (state == sample::State::unknown) return false;
  const bool runs = state == sample::State::running;
  const bool is_same = identity_ == workload.identity.key && starts_ == workload.lifecycle.starts;
  if (runs == is_running_ && (is_same || !runs)) return false;

  forget();
  is_running_ = runs;
  if (!runs) return true;
  identity_ = workload.identity.key;
  starts_ = workload.lifecycle.starts;
  // A guard that comes later than the workload does not begin the start period again.
  const auto age = workload.lifecycle.started_at ? wall - *workload.lifecycle.started_at : base::WallTime::duration(0);
  started_ = now - std::max(age, base::WallTime::duration(0));
  due_ = now + timing_.jitter;
  return true;
}

void ProbeRun::begin(base::SteadyTime now) {
  began_ = now;
  due_.reset();
}

void ProbeRun::end(const ProbeAnswer& answer, base::SteadyTime now) {
  due_ = std::max(began_ + timing_.every, now);
  seen_.able = answer.kind != ProbeAnswer::Kind::unable;
  switch (answer.kind) {
    case ProbeAnswer::Kind::unable:
      seen_.why = answer.why;
      ++times_unable_;
      return;
    case ProbeAnswer::Kind::failed: fail(answer.why, now); return;
    case ProbeAnswer::Kind::passed:
      seen_.why.clear();
      seen_.took = now - began_;
      seen_.last_answer = now;
      seen_.failures_in_row = 0;
      ++seen_.passes_in_row;
      return;
  }
}

void ProbeRun::fail(const std::string& why, base::SteadyTime now) {
  seen_.why = why;
  seen_.took = now - began_;
  // Asked before the start period was over, it is no failure, however late it was answered.
  if (began_ - started_ < timing_.start_period) return;
  seen_.last_answer = now;
  seen_.passes_in_row = 0;
  ++seen_.failures_in_row;
  ++seen_.failures;
}

void ProbeRun::inherit(const ProbeRun& before) {
  seen_ = before.seen_;
  times_unable_ = before.times_unable_;
  is_running_ = before.is_running_;
  identity_ = before.identity_;
  starts_ = before.starts_;
  started_ = before.started_;
  began_ = before.began_;
  if (is_running_) due_ = before.due_.value_or(began_ + timing_.every);
}

}  // namespace guard::source
