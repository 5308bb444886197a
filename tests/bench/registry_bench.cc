// What conversations cost: a turn's way through the registry, accounted against resident bytes, how long a sweep holds
// its lock, and durable appends to SQLite. Prints tables. Usage: registry_bench [FOLDER for the database]

#include <algorithm>
#include <atomic>
#include <chrono>
#include <cstdio>
#include <ctime>
#include <filesystem>
#include <fstream>
#include <functional>
#include <random>
#include <string>
#include <thread>
#include <vector>

#include <fcntl.h>
#include <unistd.h>

#include "base/clock.h"
#include "chatcore/conversation/registry.h"
#include "chatcore/storage/store.h"

// As chatcore sets its allocator.
extern "C" {
const char* malloc_conf = "background_thread:true,dirty_decay_ms:1000,narenas:2";
}

namespace {

using namespace std::chrono_literals;
using namespace chatcore;
using conversation::Lease;
using conversation::Message;
using conversation::Registry;
using conversation::Role;
using Seconds = std::chrono::duration<double>;

double seconds_since(base::SteadyTime begin) { return Seconds(std::chrono::steady_clock::now() - begin).count(); }

std::int64_t resident_bytes() {
  std::ifstream statm("/proc/self/statm");
  std::int64_t all = 0;
  std::int64_t resident = 0;
  statm >> all >> resident;
  return resident * sysconf(_SC_PAGESIZE);
}

// Of this thread, which on a busy machine says more than the time that passed.
double cpu_seconds() {
  timespec used{};
  clock_gettime(CLOCK_THREAD_CPUTIME_ID, &used);
  return static_cast<double>(used.tv_sec) + 1e-9 * static_cast<double>(used.tv_nsec);
}

double mebibytes(std::int64_t bytes) { return static_cast<double>(bytes) / (1 << 20); }

Message message(Role role, std::size_t bytes) { return {.role = role, .content = std::string(bytes, 'x')}; }

// A turn as the server takes it, without storage: acquire, question, answer, release.
void take_turn(Registry& registry, const std::string& id, std::size_t question, std::size_t answer) {
  registry.acquire({"user", id}, [&](base::Result<Lease> lease) {
    if (!lease || (!lease->is_loaded() && !lease->fill({}, 0))) return;
    if (!lease->append(message(Role::user, question))) return;
    if (!lease->append(message(Role::assistant, answer))) return;
  });
}

void bench_turns() {
  std::printf("registry: 10 000 conversations, budget full, windows of 50\n%10s %16s %16s\n", "threads", "turns/s",
              "ns per turn");
  for (const int threads : {1, 2}) {
    const base::SystemClock clock{};
    Registry registry({.budget = base::mebibytes(64)}, clock);
    std::atomic<std::int64_t> turns{0};
    const auto work = [&](unsigned seed) {
      std::mt19937 random(seed);
      std::int64_t own = 0;
      for (const auto begin = std::chrono::steady_clock::now(); seconds_since(begin) < 2; own += 100) {
        for (int i = 0; i < 100; ++i)
          take_turn(registry, "conversation " + std::to_string(random() % 10'000), 120, 600);
      }
      turns += own;
    };
    std::vector<std::thread> others;
    for (int i = 1; i < threads; ++i) others.emplace_back(work, i);
    work(0);
    for (std::thread& other : others) other.join();
    const double per_second = static_cast<double>(turns) / 2;
    std::printf("%10d %16.0f %16.0f\n", threads, per_second, 1e9 * threads / per_second);
  }
}

void bench_acquire() {
  const base::SystemClock clock{};
  Registry registry({}, clock);
  for (int i = 0; i < 10'000; ++i) take_turn(registry, std::to_string(i), 100, 400);
  constexpr int kRounds = 1'000'000;
  const auto begin = std::chrono::steady_clock::now();
  for (int i = 0; i < kRounds; ++i) registry.acquire({"user", std::to_string(i % 10'000)}, [](const auto&) {});
  std::printf("registry: acquire and release alone: %.0f ns\n", 1e9 * seconds_since(begin) / kRounds);
}

void print_memory(const char* when, const Registry& registry, std::int64_t before) {
  const conversation::Usage usage = registry.usage();
  const std::int64_t resident = resident_bytes() - before;
  std::printf("%-28s %14zu %14.1f %14.1f %10.2f\n", when, usage.conversations, mebibytes(usage.bytes.count),
              mebibytes(resident), static_cast<double>(resident) / static_cast<double>(usage.bytes.count));
}

// Sizes of messages as people and models write them: many short, few long.
void bench_memory() {
  const base::SystemClock clock{};
  Registry registry({.time_to_live = 1ns, .budget = {0}}, clock);
  std::mt19937 random(1);
  std::lognormal_distribution<> question(4.5, 0.8);
  std::lognormal_distribution<> answer(6.0, 0.9);
  std::geometric_distribution<> pairs(0.2);
  const std::int64_t before = resident_bytes();
  std::printf("\nmemory, mixed sizes\n%-28s %14s %14s %14s %10s\n", "", "conversations", "accounted MiB",
              "resident MiB", "ratio");
  for (int i = 0; i < 100'000; ++i) {
    registry.acquire({"user" + std::to_string(i % 1000), "conversation-" + std::to_string(i)}, [&](auto lease) {
      if (!lease->fill({}, 0)) return;
      for (int pair = 1 + pairs(random); pair > 0; --pair) {
        (void)lease->append(message(Role::user, static_cast<std::size_t>(question(random))));
        (void)lease->append(message(Role::assistant, static_cast<std::size_t>(answer(random))));
      }
    });
  }
  print_memory("100 000 conversations", registry, before);
  registry.shed({registry.usage().bytes.count / 2});
  std::this_thread::sleep_for(3s);  // the allocator gives back what has been unused for a second
  print_memory("half shed, 3 s later", registry, before);

  std::atomic<bool> stop{false};
  double longest_wait = 0;
  std::thread turns([&] {
    for (int i = 0; !stop; ++i) {
      const auto begin = std::chrono::steady_clock::now();
      registry.acquire({"user", std::to_string(i)}, [](const auto&) {});
      longest_wait = std::max(longest_wait, seconds_since(begin));
    }
  });
  const double cpu_before = cpu_seconds();
  const conversation::SweepReport report = registry.sweep();
  const double cpu = cpu_seconds() - cpu_before;
  stop = true;
  turns.join();
  std::printf(
      "sweep of %zu conversations: %.1f ms, %.1f ms of CPU; the longest that a turn waited meanwhile: %.3f ms\n",
      report.removed, 1e3 * Seconds(report.took).count(), 1e3 * cpu, 1e3 * longest_wait);
}

double seconds_per_sync(const std::filesystem::path& folder) {
  const std::string name = (folder / "sync").string();
  const int file = open(name.c_str(), O_RDWR | O_CREAT | O_CLOEXEC, 0600);
  constexpr int kRounds = 50;
  const auto begin = std::chrono::steady_clock::now();
  for (int i = 0; i < kRounds; ++i) {
    if (pwrite(file, "x", 1, i) != 1 || fdatasync(file) != 0) std::perror(name.c_str());
  }
  close(file);
  return seconds_since(begin) / kRounds;
}

// Each writer appends to its own conversation, the next message when the last is durable, for two seconds.
void bench_appends(const std::filesystem::path& folder, int writers) {
  const base::SystemClock clock{};
  auto opened = storage::open_store("sqlite://" + (folder / (std::to_string(writers) + ".db")).string(), clock);
  if (!opened) {
    std::printf("%s\n", opened.error().message.c_str());
    return;
  }
  storage::Store& store = **opened;
  const auto begin = std::chrono::steady_clock::now();
  std::function<void(int, std::int64_t)> write = [&](int writer, std::int64_t after) {
    store.append({.key = {"user", std::to_string(writer)}, .message = message(Role::user, 400), .after = after},
                 [&, writer](const base::Result<std::int64_t>& sequence) {
                   if (sequence && seconds_since(begin) < 2) write(writer, *sequence);
                 });
  };
  for (int writer = 0; writer < writers; ++writer) write(writer, 0);
  while (seconds_since(begin) < 2) std::this_thread::sleep_for(50ms);
  const storage::StoreStatistics statistics = store.statistics();
  const auto appends = static_cast<double>(statistics.appends_total);
  std::printf("%10d %16.0f %16.0f %16.1f\n", writers, appends / 2, static_cast<double>(statistics.commits_total) / 2,
              appends / static_cast<double>(statistics.commits_total));
  store.close();
}

}  // namespace

int main(int count, char** arguments) {
  const std::filesystem::path parent = count > 1 ? arguments[1] : std::filesystem::temp_directory_path();
  std::string folder = (parent / "registry-bench-XXXXXX").string();
  if (mkdtemp(folder.data()) == nullptr) {
    std::perror(folder.c_str());
    return 1;
  }
  bench_memory();  // first, while nothing else has touched the memory
  std::printf("\n");
  bench_turns();
  bench_acquire();
  std::printf("\nSQLite, durable appends of 400 bytes in %s, where one sync takes %.2f ms\n%10s %16s %16s %16s\n",
              folder.c_str(), 1e3 * seconds_per_sync(folder), "writers", "appends/s", "commits/s", "group");
  for (const int writers : {1, 10, 100}) bench_appends(folder, writers);
  std::filesystem::remove_all(folder);
  return 0;
}
