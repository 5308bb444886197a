// What a turn waits for the registry while a million conversations leave it: by their time to live, shed by hand, and
// evicted for others. Prints a table, and with --check fails when one in a thousand slices or waits takes a
// millisecond.
//
//   sweep_bench [CONVERSATIONS] [--check]
//
// Slices are measured in CPU time of their thread and waits in time that passed. The longest of each says something on
// a quiet machine only: elsewhere it is the time for which somebody else had the processor, as the line "nobody sweeps"
// shows, where there is nothing to wait for.

#include <algorithm>
#include <atomic>
#include <chrono>
#include <cstdio>
#include <cstdlib>
#include <ctime>
#include <string>
#include <string_view>
#include <thread>
#include <vector>

#include "base/clock.h"
#include "chatcore/conversation/registry.h"

// As chatcore sets its allocator.
extern "C" {
const char* malloc_conf = "background_thread:true,dirty_decay_ms:1000,narenas:2";
}

namespace {

using namespace chatcore;
using conversation::Registry;
using conversation::Role;
using Clock = std::chrono::steady_clock;

double cpu_milliseconds() {
  timespec used{};
  clock_gettime(CLOCK_THREAD_CPUTIME_ID, &used);
  return 1e3 * static_cast<double>(used.tv_sec) + 1e-6 * static_cast<double>(used.tv_nsec);
}

double milliseconds_since(Clock::time_point begin) {
  return std::chrono::duration<double, std::milli>(Clock::now() - begin).count();
}

struct Waits {
  double longest_ms = 0;
  double p999_ms = 0;
};

// Another thread takes turns of conversations that stay, until told to stop.
class Turns {
 public:
  explicit Turns(Registry& registry)
      : thread_([this, &registry] {
          for (std::size_t i = 0; !stop_; ++i) {
            const auto begin = Clock::now();
            registry.acquire({"turns", std::to_string(i % 1000)}, [](const auto&) {});
            if (waits_.size() < waits_.capacity()) waits_.push_back(static_cast<float>(milliseconds_since(begin)));
          }
        }) {}
  Waits end() {
    stop_ = true;
    thread_.join();
    std::ranges::sort(waits_);
    return {static_cast<double>(waits_.back()), static_cast<double>(waits_[waits_.size() * 999 / 1000])};
  }

 private:
  std::vector<float> waits_ = [] {
    std::vector<float> room;
    room.reserve(20'000'000);
    return room;
  }();
  std::atomic<bool> stop_{false};
  std::thread thread_;
};

void fill(Registry& registry, int conversations) {
  for (int i = 0; i < conversations; ++i) {
    registry.acquire({"user", "conversation-" + std::to_string(i)}, [](auto lease) {
      if (!lease || !lease->fill({}, 0)) return;
      (void)lease->append({.role = Role::user, .content = std::string(60, 'q')});
      (void)lease->append({.role = Role::assistant, .content = std::string(200, 'a')});
    });
  }
}

struct Slices {
  double longest_ms = 0;
  double p999_ms = 0;
};

// Runs slices until there is nothing left to do.
template <class Slice>
Slices run(const Slice& slice) {
  std::vector<double> all;
  all.reserve(1 << 20);
  for (std::size_t removed = 1; removed > 0;) {
    const double begin = cpu_milliseconds();
    removed = slice();
    all.push_back(cpu_milliseconds() - begin);
  }
  std::ranges::sort(all);
  return {all.back(), all[all.size() * 999 / 1000]};
}

bool print(const char* what, const Slices& slices, const Waits& waits) {
  std::printf("%-14s %14.3f %14.3f %14.3f %14.3f\n", what, slices.p999_ms, slices.longest_ms, waits.p999_ms,
              waits.longest_ms);
  return slices.p999_ms < 1 && waits.p999_ms < 1;
}

}  // namespace

int main(int argc, char** argv) {
  const bool check = std::string_view(argv[argc - 1]) == "--check";
  const int conversations = argc > 1 && std::atoi(argv[1]) > 0 ? std::atoi(argv[1]) : 1'000'000;
  base::ManualClock clock;
  memory::Budget budget(base::gibibytes(64));
  Registry registry({.time_to_live = std::chrono::hours(2)}, clock, budget);
  std::printf("%d conversations, milliseconds\n%-14s %14s %14s %14s %14s\n", conversations, "", "slice p99.9",
              "longest", "wait p99.9", "longest");
  fill(registry, conversations);
  Turns idle(registry);
  const auto begin = Clock::now();
  while (milliseconds_since(begin) < 1000) std::this_thread::yield();
  const Waits quiet = idle.end();
  bool kept = print("nobody sweeps", {}, quiet);

  clock.advance(std::chrono::hours(2));
  Turns during_sweep(registry);
  const Slices sweep = run([&] { return registry.sweep_slice(clock.steady_now()); });
  kept &= print("time to live", sweep, during_sweep.end());

  fill(registry, conversations);
  Turns during_shed(registry);
  const Slices shed = run([&] { return registry.shed_slice({0}); });
  kept &= print("shed", shed, during_shed.end());

  fill(registry, conversations);
  budget.set_limit({1});
  Turns during_eviction(registry);
  const Slices eviction = run([&] { return registry.budget_slice(); });
  kept &= print("evicted", eviction, during_eviction.end());
  return check && !kept ? 1 : 0;
}
