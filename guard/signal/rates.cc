#include "guard/signal/rates.h"

#include <algorithm>

namespace guard::signal {

namespace {

// Passed on a counter between two readings, in seconds; absent when either is or when it ran backwards.
Reading<double> seconds_passed(const Reading<base::Duration>& before, const Reading<base::Duration>& after) {
  if (!after) return Reading<double>::absent(after.reason());
  if (!before) return Reading<double>::absent("needs a second reading");
  if (*after < *before) return Reading<double>::absent("the counter was reset");
  return base::to_seconds(*after - *before);
}

}  // namespace

bool is_process_tree(const sample::Workload& workload) {
  const bool may_be = workload.kind == sample::TargetKind::command || workload.kind == sample::TargetKind::pid_file;
  return may_be && !workload.cgroup;
}

Reading<base::Bytes> working_set(const sample::Workload& workload) {
  const auto& memory = workload.resources.memory;
  if (!memory.usage || is_process_tree(workload)) return memory.usage;
  if (!memory.inactive_file) return memory.inactive_file;
  return std::max(*memory.usage - *memory.inactive_file, base::Bytes{0});
}

Reading<base::Bytes> unreclaimable(const sample::Workload& workload) {
  const auto& memory = workload.resources.memory;
  if (!memory.anon) return working_set(workload);
  return *memory.anon + memory.shmem.value_or({0}) + memory.kernel.value_or({0});
}

Reading<base::Bytes> memory_limit(const sample::Workload& workload, const sample::Host& host) {
  const auto& own = workload.resources.memory.limit;
  if (!own) return is_process_tree(workload) && host.memory_total ? host.memory_total : own;
  return host.memory_total ? std::min(*own, *host.memory_total) : *own;
}

Reading<base::Ratio> ratio_of(const Reading<base::Bytes>& part, const Reading<base::Bytes>& whole) {
  if (!part) return Reading<base::Ratio>::absent(part.reason());
  if (!whole) return Reading<base::Ratio>::absent(whole.reason());
  if (whole->is_unlimited() || whole->count <= 0) return Reading<base::Ratio>::absent("there is no limit");
  return base::Ratio{static_cast<double>(part->count) / static_cast<double>(whole->count)};
}

Reading<base::Ratio> ratio_of(const Reading<base::Cores>& part, const Reading<base::Cores>& whole) {
  if (!part) return Reading<base::Ratio>::absent(part.reason());
  if (!whole) return Reading<base::Ratio>::absent(whole.reason());
  if (whole->is_unlimited() || whole->count <= 0) return Reading<base::Ratio>::absent("there is no limit");
  return base::Ratio{part->count / whole->count};
}

Reading<base::Cores> cores_between(const Reading<base::Duration>& before, const Reading<base::Duration>& after,
                                   base::Duration elapsed) {
  const auto seconds = seconds_passed(before, after);
  if (!seconds) return Reading<base::Cores>::absent(seconds.reason());
  return base::Cores{*seconds / base::to_seconds(elapsed)};
}

Reading<base::Ratio> share_between(const Reading<base::Duration>& before, const Reading<base::Duration>& after,
                                   base::Duration elapsed) {
  const auto seconds = seconds_passed(before, after);
  if (!seconds) return Reading<base::Ratio>::absent(seconds.reason());
  // Counters are read a moment before or after the clock, and the kernel adds throttled time of several CPUs: a share
  // of the time is never more than all of it.
  return base::Ratio{std::min(*seconds / base::to_seconds(elapsed), 1.0)};
}

}  // namespace guard::signal
