// What one sampling sweep costs: every file of 1, 50 and 500 real cgroups, made for this and removed after (root only);
// else of the fixture tree's one cgroup, over and over. Also the sweep of the host, and of a process tree.
//
//   sampling_bench [FIXTURES]

#include <algorithm>
#include <chrono>
#include <cstdio>
#include <functional>
#include <string>
#include <vector>

#include <time.h>
#include <unistd.h>

#include "guard/action/cgroup_files.h"
#include "guard/source/cgroup/tree.h"
#include "guard/source/host/host.h"
#include "guard/source/process/tree.h"

namespace {

using guard::sample::Cgroup;

// CPU time, kernel's share included: on a machine that is busy elsewhere the wall clock would tell of others.
double cpu_seconds() {
  timespec time{};
  ::clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &time);
  return static_cast<double>(time.tv_sec) + static_cast<double>(time.tv_nsec) * 1e-9;
}

// The median of so many runs, in µs.
double median_microseconds(int runs, const std::function<void()>& work) {
  std::vector<double> costs;
  for (int run = 0; run < runs; ++run) {
    const double begun = cpu_seconds();
    work();
    costs.push_back((cpu_seconds() - begun) * 1e6);
  }
  std::nth_element(costs.begin(), costs.begin() + runs / 2, costs.end());
  return costs[static_cast<std::size_t>(runs / 2)];
}

void print_row(const char* what, std::size_t count, double microseconds) {
  // At one sweep a second.
  std::printf("%-22s %8zu %14.1f %14.1f %11.3f%%\n", what, count, microseconds,
              microseconds / static_cast<double>(count), microseconds / 1e4);
}

// Cgroups of this bench's own, one process in none of them; removed at the end of its life.
class RealCgroups {
 public:
  explicit RealCgroups(guard::source::CgroupTree& tree) {
    const auto root = tree.of_path("/");
    if (!root || ::geteuid() != 0) return;
    const auto made = guard::action::create_child_cgroup(*root, "leakguard-bench-" + std::to_string(::getpid()));
    if (made) parent_ = *made;
  }
  ~RealCgroups() { static_cast<void>(guard::action::remove(parent_)); }
  RealCgroups(const RealCgroups&) = delete;
  RealCgroups& operator=(const RealCgroups&) = delete;

  // Fewer when the kernel has no more.
  const std::vector<Cgroup>& grow_to(std::size_t count) {
    while (parent_ != Cgroup{} && cgroups_.size() < count) {
      const auto made = guard::action::create_child_cgroup(parent_, std::to_string(cgroups_.size()));
      if (!made) break;
      cgroups_.push_back(*made);
    }
    return cgroups_;
  }

 private:
  Cgroup parent_;
  std::vector<Cgroup> cgroups_;
};

void sweep(const guard::source::CgroupTree& tree, const std::vector<Cgroup>& cgroups) {
  for (const Cgroup& cgroup : cgroups) {
    const auto resources = tree.read(cgroup);
    if (!resources.memory.usage) std::fprintf(stderr, "no reading: %s\n", resources.memory.usage.reason().c_str());
  }
}

}  // namespace

int main(int argc, char** argv) {
  guard::source::CgroupTree machine;
  RealCgroups real(machine);
  const bool is_real = !real.grow_to(1).empty();
  guard::source::CgroupTree fixture(std::string(argc > 1 ? argv[1] : FIXTURES) + "/cgroup_v2");
  const guard::source::CgroupTree& tree = is_real ? machine : fixture;
  std::printf("%s\n%-22s %8s %14s %14s %12s\n", is_real ? "real cgroups" : "fixture files (no right to make cgroups)",
              "sweep", "count", "us a sweep", "us each", "of a core");
  for (const std::size_t count : {std::size_t{1}, std::size_t{50}, std::size_t{500}}) {
    std::vector<Cgroup> cgroups;
    if (is_real) {
      cgroups = real.grow_to(count);
    } else {
      cgroups.assign(count, fixture.of_pid(4242).value_or(Cgroup{}));
    }
    const int runs = count > 100 ? 21 : 201;
    print_row("cgroups", cgroups.size(), median_microseconds(runs, [&] { sweep(tree, cgroups); }));
  }
  print_row("host", 1, median_microseconds(201, [] { static_cast<void>(guard::source::read_host("/")); }));
  print_row("process tree", 1,
            median_microseconds(51, [] { static_cast<void>(guard::source::read_process_tree("/", ::getpid())); }));
  return 0;
}
