#pragma once
// Amounts and rates of one workload, each a small pure function of one or two readings. Counters become rates
// only between two readings of the same run: a counter that ran backwards yields no rate for that interval, since
// the cgroup behind it was made anew. Absent in, absent out, with the reason of the reading that was missing.

#include "base/units.h"
#include "guard/sample/reading.h"
#include "guard/sample/resources.h"
#include "guard/sample/snapshot.h"

namespace guard::signal {

using sample::Reading;

// Whether the workload's readings are sums over its processes, for want of a cgroup of its own.
bool is_process_tree(const sample::Workload& workload);

// usage − inactive_file, floored at 0: what cAdvisor and `docker stats` call the memory in use. It still holds
// active page cache, which the kernel takes back when memory is needed: `unreclaimable` is judged instead. Of a process
// tree it is the usage, since resident size holds no page cache beyond what is mapped.
Reading<base::Bytes> working_set(const sample::Workload& workload);

// anon + shmem + kernel: what no reclaim brings back while swap is off. shmem and kernel (without reclaimable slab)
// count when they are known;
// without anon (an engine's summary) it is the working set.
Reading<base::Bytes> unreclaimable(const sample::Workload& workload);

// The smallest limit in force: the cgroup's, or the host's memory when that is less or the cgroup has none. A limit
// that could not be read is absent, except for a process tree, which has no cgroup to be limited by.
Reading<base::Bytes> memory_limit(const sample::Workload& workload, const sample::Host& host);

// part / whole; absent when either is, or when the whole is unlimited or not above 0.
Reading<base::Ratio> ratio_of(const Reading<base::Bytes>& part, const Reading<base::Bytes>& whole);
Reading<base::Ratio> ratio_of(const Reading<base::Cores>& part, const Reading<base::Cores>& whole);

// CPU seconds per second of `elapsed` (> 0), from two readings of Cpu::used.
Reading<base::Cores> cores_between(const Reading<base::Duration>& before, const Reading<base::Duration>& after,
                                   base::Duration elapsed);

// Time that passed on a counter of stalled or throttled time, over `elapsed` (> 0). The kernel adds throttled time up
// over the CPUs, so that one may exceed 1.
Reading<base::Ratio> share_between(const Reading<base::Duration>& before, const Reading<base::Duration>& after,
                                   base::Duration elapsed);

}  // namespace guard::signal
