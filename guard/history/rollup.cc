#include "guard/history/rollup.h"

#include <algorithm>
#include <utility>

#include "guard/signal/derive.h"
#include "guard/signal/rates.h"

namespace guard::history {
namespace {

// Means are kept to a page: the bits below it would be the most expensive of the whole row.
constexpr std::int64_t kPage = 4096;

Summary summary_of(std::uint64_t samples) {
  Summary summary;
  summary.samples = samples;
  return summary;
}

}  // namespace

void Rollup::Sum::add(const sample::Reading<base::Bytes>& value) {
  if (!value || value->is_unlimited()) return;
  least = least ? std::min(*least, *value) : *value;
  most = most ? std::max(*most, *value) : *value;
  total += static_cast<double>(value->count);
  ++count;
}

Spread Rollup::Sum::spread() const {
  if (count == 0) return {};
  const auto mean = static_cast<std::int64_t>(total / static_cast<double>(count));
  return {*least, *most, base::Bytes{std::clamp(mean / kPage * kPage, least->count, most->count)}};
}

base::WallTime Rollup::end_of(base::WallTime time) const {
  const base::Duration since_epoch = time.time_since_epoch();
  const auto step = std::chrono::duration_cast<base::WallTime::duration>(step_);
  return base::WallTime((since_epoch / step) * step + step);
}

std::optional<Period> Rollup::add(const sample::Snapshot& snapshot) {
  auto done = end_before(snapshot.wall);
  period_ = end_of(snapshot.wall);
  for (const sample::Workload& workload : snapshot.workloads) count(workload, snapshot.at);
  last_ = snapshot;
  return done;
}

std::optional<Period> Rollup::end_before(base::WallTime time) {
  if (!period_ || *period_ == end_of(time)) return std::nullopt;
  period_.reset();
  return close();
}

void Rollup::count(const sample::Workload& workload, base::SteadyTime at) {
  Account& account = accounts_[workload.name];
  ++account.samples;
  account.usage.add(workload.resources.memory.usage);
  account.working_set.add(signal::working_set(workload));
  account.unreclaimable.add(signal::unreclaimable(workload));
  count_cpu(workload, at, account);
}

void Rollup::count_cpu(const sample::Workload& workload, base::SteadyTime at, Account& account) {
  Reference& reference = references_[workload.name];
  const auto& used = workload.resources.cpu.used;
  const base::Duration elapsed = at - reference.at;
  const bool is_same_run =
      reference.run == workload.identity.key && reference.starts == workload.lifecycle.starts && reference.cpu_used;
  if (is_same_run && elapsed >= base::Duration(0) && elapsed < signal::WorkloadHistory::kMinInterval) return;
  if (is_same_run && elapsed > base::Duration(0)) {
    if (const auto cores = signal::cores_between(reference.cpu_used, used, elapsed); cores) {
      account.cpu_seconds += cores->count * base::to_seconds(elapsed);
      account.cpu_elapsed += elapsed;
      if (!account.cpu_most || *account.cpu_most < *cores) account.cpu_most = *cores;
    }
  }
  reference = {at, workload.identity.key, workload.lifecycle.starts, used};
}

Period Rollup::close() {
  Period period{std::move(last_), {}};
  for (const sample::Workload& workload : period.last.workloads) {
    const Account& account = accounts_[workload.name];
    Summary& summary = period.summaries.emplace_back(summary_of(account.samples));
    summary.usage = account.usage.spread();
    summary.working_set = account.working_set.spread();
    summary.unreclaimable = account.unreclaimable.spread();
    if (account.cpu_elapsed > base::Duration(0))
      summary.cpu_mean = base::Cores{account.cpu_seconds / base::to_seconds(account.cpu_elapsed)};
    summary.cpu_most = account.cpu_most;
  }
  accounts_.clear();
  std::erase_if(references_, [&](const auto& entry) {
    return std::ranges::none_of(period.last.workloads, [&](const auto& other) { return other.name == entry.first; });
  });
  return period;
}

}  // namespace guard::history
