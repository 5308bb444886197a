#include "guard/collect/unit_target.h"

#include <algorithm>
#include <utility>

namespace guard {
namespace {

using sample::State;

base::Result<source::SystemdUnit> ask(const source::SystemdView* view, const std::string& unit) {
  if (view == nullptr) return base::fail(base::Code::unavailable, "systemd is not asked");
  if (!view->up) return base::fail(base::Code::unavailable, "systemd cannot be asked: " + view->why);
  const auto found = view->units.find(unit);
  if (found == view->units.end()) return base::fail(base::Code::unavailable, "systemd has not been asked yet");
  return found->second;
}

}  // namespace

UnitTarget::Found UnitTarget::read(const std::string& unit, const source::SystemdView* view, source::CgroupTree& tree,
                                   sample::Workload& workload) {
  Found found;
  if (view != nullptr && !view->up && view->errors == 0) {  // the first answer is on its way
    workload.lifecycle.why = view->why;
    return found;
  }
  const auto known = ask(view, unit);
  if (known)
    take(unit, *known, workload, found, tree);
  else
    fall_back(unit, known.error(), workload, found, tree);
  workload.lifecycle.starts = starts_;
  workload.identity.unit = unit;
  return found;
}

void UnitTarget::take(const std::string& unit, const source::SystemdUnit& known, sample::Workload& workload,
                      Found& found, source::CgroupTree& tree) {
  sample::Lifecycle& lifecycle = workload.lifecycle;
  lifecycle.state = known.state;
  lifecycle.why = known.why;
  lifecycle.started_at = known.started_at;
  lifecycle.last_exit = known.last_exit;
  lifecycle.last_exit_code = known.last_exit_code;
  lifecycle.oom_ends = known.oom_ends;
  const bool may_use = known.state == State::running || known.state == State::starting;
  if (may_use && !known.control_group.empty()) {
    found.path = known.control_group;
    auto cgroup = tree.of_path(known.control_group);
    if (cgroup)
      found.cgroup = std::move(*cgroup);
    else
      found.unreadable = cgroup.error().message;
  }
  const bool is_first = starts_ == 0;
  const bool is_new = note_run(unit, known.invocation, found.cgroup ? found.cgroup->inode : 0);
  if (known.state != State::absent) {
    workload.identity.key = run_.identity;
    workload.identity.pid = known.main_pid;
  }
  // systemd raises its count before the run begins, and also for one that it then does not begin (start-limit-hit): a
  // start is a run that is another than before.
  const std::uint64_t more = restarts_ && known.restarts > *restarts_ ? known.restarts - *restarts_ : 0;
  if (is_first)
    starts_ = run_.identity.empty() ? 0 : 1;
  else if (is_new)
    starts_ += std::max<std::uint64_t>(more - std::min(more, unconfirmed_), 1);
  if (is_first || is_new || unconfirmed_ > 0 || !restarts_ || known.restarts < *restarts_) restarts_ = known.restarts;
  unconfirmed_ = 0;
  path_ = known.control_group.empty() ? path_ : known.control_group;
  last_ = lifecycle;
}

void UnitTarget::fall_back(const std::string& unit, const base::Error& why, sample::Workload& workload, Found& found,
                           source::CgroupTree& tree) {
  const std::string path = path_.empty() ? "/system.slice/" + unit : path_;
  auto cgroup = tree.of_path(path);
  if (!cgroup) {
    workload.lifecycle.state = State::unknown;
    workload.lifecycle.why = why.message + "; and " + cgroup.error().message;
    return;
  }
  const bool is_first = starts_ == 0;
  const bool is_new = note_run(unit, "", cgroup->inode);
  if (is_first || is_new) ++starts_;
  if (is_new && !is_first) ++unconfirmed_;
  workload.lifecycle = last_;
  workload.lifecycle.state = State::running;
  workload.lifecycle.why.clear();
  workload.identity.key = run_.identity;
  found.path = path;
  found.cgroup = std::move(*cgroup);
}

bool UnitTarget::note_run(const std::string& unit, const std::string& invocation, std::uint64_t inode) {
  const bool knows_both = !invocation.empty() && !run_.invocation.empty();
  const bool is_same =
      knows_both ? invocation == run_.invocation : inode == 0 || run_.inode == 0 || inode == run_.inode;
  if (invocation.empty() && inode == 0) return false;  // it has not run
  if (is_same && !run_.identity.empty()) {
    if (run_.invocation.empty()) run_.invocation = invocation;
    if (inode != 0) run_.inode = inode;
    return false;
  }
  const bool is_another = !run_.identity.empty();
  run_ = {invocation.empty() ? "cgroup:" + std::to_string(inode) : "unit:" + unit + "@" + invocation, invocation,
          inode};
  return is_another;
}

}  // namespace guard
