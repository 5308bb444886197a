#include "guard/signal/derive.h"

#include <algorithm>

#include "guard/signal/health.h"
#include "guard/signal/rates.h"

namespace guard::signal {

namespace {

bool is_same_run(const WorkloadHistory::Reference& reference, const sample::Workload& workload) {
  return reference.identity == workload.identity.key && reference.starts == workload.lifecycle.starts;
}

// A counter that was read at the same time as before (the engine's statistics between two answers, a recheck right
// after the tick) repeats the last rate.
template <class Rate, class Between>
void update_rate(const Reading<base::Duration>& counter, base::SteadyTime at, Between between,
                 std::optional<WorkloadHistory::Counter>& known, Reading<Rate>& rate) {
  if (!counter) {
    rate = Reading<Rate>::absent(counter.reason());
    return;
  }
  if (known) {
    const auto elapsed = at - known->at;
    if (elapsed < WorkloadHistory::kMinInterval) return;
    rate = between(Reading<base::Duration>(known->value), counter, elapsed);
  } else {
    rate = Reading<Rate>::absent("needs a second reading");
  }
  known = {*counter, at};
}

void update_rates(const sample::Workload& workload, base::SteadyTime now, WorkloadHistory& history) {
  if (!history.reference || !is_same_run(*history.reference, workload)) {
    history.rates = {};
    history.reference = WorkloadHistory::Reference{};  // clang 14 knows no emplace() of a nested type with defaults
    history.reference->identity = workload.identity.key;
    history.reference->starts = workload.lifecycle.starts;
  }
  const sample::Cpu& cpu = workload.resources.cpu;
  const sample::Pressure& pressure = workload.resources.pressure;
  const base::SteadyTime at = workload.resources.read_at.value_or(now);
  WorkloadHistory::Reference& before = *history.reference;
  WorkloadHistory::Rates& rates = history.rates;
  update_rate(cpu.used, at, cores_between, before.cpu_used, rates.cpu_used);
  update_rate(cpu.throttled, at, share_between, before.cpu_throttled, rates.cpu_throttled);
  update_rate(pressure.memory.some, at, share_between, before.memory_pressure, rates.memory_pressure);
  update_rate(pressure.cpu.some, at, share_between, before.cpu_pressure, rates.cpu_pressure);
  update_rate(pressure.io.some, at, share_between, before.io_pressure, rates.io_pressure);
}

void derive_amounts(const sample::Snapshot& snapshot, const sample::Workload& workload, WorkloadSignals& signals) {
  signals.working_set = working_set(workload);
  signals.unreclaimable = unreclaimable(workload);
  signals.memory_limit = memory_limit(workload, snapshot.host);
  signals.memory_used = ratio_of(signals.unreclaimable, signals.memory_limit);
  signals.working_set_used = ratio_of(signals.working_set, signals.memory_limit);
  signals.pids = workload.resources.pids.current;
}

void derive_growth(base::SteadyTime now, const SignalSettings& settings, GrowthTracker& tracker,
                   WorkloadSignals& signals) {
  if (!settings.leak_enabled) {
    signals.growth = Reading<double>::absent("leak detection is off for this workload");
    signals.time_to_limit = Reading<base::Duration>::absent(signals.growth.reason());
    signals.earliest_limit = signals.time_to_limit;
    return;
  }
  // Without a reading now, what was known a moment ago is not known any more: it may be another run already.
  if (!signals.unreclaimable) {
    signals.growth = Reading<double>::absent(signals.unreclaimable.reason());
    signals.time_to_limit = Reading<base::Duration>::absent(signals.unreclaimable.reason());
    signals.earliest_limit = signals.time_to_limit;
    return;
  }
  tracker.add(now, *signals.unreclaimable, settings.growth_window,
              signals.memory_limit.value_or(base::Bytes::unlimited()));
  const auto& growth = tracker.growth();
  signals.growth = growth.bytes_per_second;
  signals.time_to_limit = time_to_limit(growth, signals.unreclaimable, signals.memory_limit);
  signals.growth_low = growth.low;
  signals.growth_high = growth.high;
  signals.earliest_limit = time_to_limit_at(growth.high, growth, signals.unreclaimable, signals.memory_limit);
  signals.leak = growth.state;
  signals.leak_evidence = describe(growth);
}

const sample::LogWatch* find_watch(const sample::Snapshot& snapshot, const std::string& workload,
                                   const std::string& name) {
  const auto found = std::find_if(snapshot.logs.begin(), snapshot.logs.end(), [&](const sample::LogWatch& watch) {
    return watch.workload == workload && watch.name == name;
  });
  return found == snapshot.logs.end() ? nullptr : &*found;
}

// A number is as good as its line is young: one of the run before, or of a line that is overdue, is none.
void derive_values(const LogExpectation& expectation, const sample::LogWatch& watch,
                   const std::optional<base::SteadyTime>& running_since, base::SteadyTime now, LogSignal& signal) {
  for (const auto& [name, value] : watch.captures) {
    const auto own = watch.captured_at.find(name);
    const auto written = own == watch.captured_at.end() ? watch.last_match : std::optional(own->second);
    Reading<double>& reading = signal.values[name];
    if (!watch.source_up)
      reading = Reading<double>::absent("the log cannot be read: " + watch.why);
    else if (!running_since)
      reading = Reading<double>::absent("the workload is not running");
    else if (!written || *written < *running_since)
      reading = Reading<double>::absent("not written in this run yet");
    else if (expectation.every && now - *written >= *expectation.every + expectation.grace)
      reading = Reading<double>::absent("the last one is " + base::format_duration(now - *written) + " old");
    else
      reading = value;
  }
}

// Overdue is judged up to where the log has been read. What a later line may still change is unknown.
Reading<bool> judge_overdue(base::Duration limit, const sample::LogWatch& watch, const RunningTime& running,
                            base::SteadyTime began, base::SteadyTime now) {
  if (watch.is_behind) return Reading<bool>::absent("the log is written faster than it is read");
  if (running.between(began, now) < limit) return false;
  const base::SteadyTime read_until = watch.read_until.value_or(now);
  if (running.between(began, read_until) >= limit) return true;
  return Reading<bool>::absent("the log was last read " + base::format_duration(now - read_until) + " ago");
}

LogSignal derive_log(const LogExpectation& expectation, const sample::LogWatch* watch, const RunningTime& running,
                     const std::optional<base::SteadyTime>& running_since, base::SteadyTime now) {
  LogSignal signal;
  signal.name = expectation.name;
  signal.expected = expectation.every.has_value();
  if (watch == nullptr) {
    signal.overdue = Reading<bool>::absent("the log is not watched yet");
    signal.since_match = Reading<base::Duration>::absent(signal.overdue.reason());
    return signal;
  }
  signal.source_up = watch->source_up;
  signal.matches = watch->matches;
  const base::SteadyTime began = std::max(watch->watched_since, watch->last_match.value_or(watch->watched_since));
  if (running_since)
    signal.since_match = running.between(began, now);
  else
    signal.since_match = Reading<base::Duration>::absent("the workload is not running");
  if (!watch->source_up)
    signal.overdue = Reading<bool>::absent("the log cannot be read: " + watch->why);
  else if (!signal.since_match)
    signal.overdue = Reading<bool>::absent(signal.since_match.reason());
  else if (expectation.every)
    signal.overdue = judge_overdue(*expectation.every + expectation.grace, *watch, running, began, now);
  else
    signal.overdue = Reading<bool>::absent("no interval is expected of this line");
  derive_values(expectation, *watch, running_since, now, signal);
  return signal;
}

// Adds to growing memory that its cleanup frees nothing: what an operator needs to know first.
void judge_cleanup(const LogExpectation& expectation, const sample::LogWatch* watch, base::SteadyTime now,
                   CleanupTracker& tracker, WorkloadSignals& signals) {
  if (watch == nullptr || !watch->source_up) return;
  tracker.observe(*watch, signals.unreclaimable, *expectation.every, now);
  const CleanupEffect& effect = tracker.effect();
  const bool grows = is_rising(signals.leak);
  if (grows && effect.frees_nothing())
    signals.leak_evidence += "; " + expectation.name + ": " + describe(effect, grows);
  signals.logs.back().cleanups = effect;
}

void derive_health_signals(const sample::Snapshot& snapshot, const SignalSettings& settings, WorkloadHistory& history,
                           WorkloadSignals& signals) {
  for (const auto& expectation : settings.health) {
    const auto probe = std::ranges::find_if(snapshot.probes, [&](const sample::Probe& candidate) {
      return candidate.workload == signals.workload && candidate.name == expectation.name;
    });
    signals.health.push_back(derive_health(expectation, probe == snapshot.probes.end() ? nullptr : &*probe,
                                           signals.state, snapshot.at, history.healthy));
  }
}

std::vector<DiskSignal> derive_disks(const sample::Host& host) {
  std::vector<DiskSignal> disks;
  disks.reserve(host.disks.size());
  for (const auto& disk : host.disks) {
    const base::Bytes filled = disk.size - disk.available;
    disks.push_back({disk.mount, ratio_of(Reading<base::Bytes>(filled), Reading<base::Bytes>(disk.size))});
  }
  return disks;
}

}  // namespace

WorkloadSignals derive_signals(const sample::Snapshot& snapshot, const sample::Workload& workload,
                               const SignalSettings& settings, WorkloadHistory& history) {
  const auto now = snapshot.at;
  WorkloadSignals signals;
  signals.workload = workload.name;
  signals.identity = workload.identity;
  signals.state = workload.lifecycle.state;

  const auto last_seen = history.runs.known ? history.runs.last_seen : now;
  const auto step = observe_run(workload, now, snapshot.wall, history.runs);
  signals.oom_kills_new = count_oom_kills(workload, step, history.runs, now - last_seen, now, history.oom);
  signals.oom_kills_total = history.oom.total;
  signals.restarts_total = history.runs.restarts_total;
  signals.restart_loop = find_restart_loop(history.runs, settings.restarts, now);

  derive_amounts(snapshot, workload, signals);
  update_rates(workload, now, history);
  signals.cpu_used = history.rates.cpu_used;
  signals.cpu_of_limit = ratio_of(signals.cpu_used, workload.resources.cpu.limit);
  signals.cpu_throttled = history.rates.cpu_throttled;
  signals.memory_pressure = history.rates.memory_pressure;
  signals.cpu_pressure = history.rates.cpu_pressure;
  signals.io_pressure = history.rates.io_pressure;

  if (step.new_run) {
    history.growth.restart();
    for (auto& [name, tracker] : history.cleanups) tracker.restart();
    history.healthy.clear();
  }
  derive_growth(now, settings, history.growth, signals);

  const bool is_running = workload.lifecycle.state == sample::State::running;
  const auto running_since = is_running ? history.runs.running_since : std::nullopt;
  history.running.observe(is_running, now);
  for (const auto& expectation : settings.logs) {
    const auto* watch = find_watch(snapshot, workload.name, expectation.name);
    signals.logs.push_back(derive_log(expectation, watch, history.running, running_since, now));
    if (expectation.every) judge_cleanup(expectation, watch, now, history.cleanups[expectation.name], signals);
  }
  derive_health_signals(snapshot, settings, history, signals);
  if (settings.disks) signals.disks = derive_disks(snapshot.host);
  return signals;
}

}  // namespace guard::signal
