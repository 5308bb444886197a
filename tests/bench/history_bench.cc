// What the history costs: simulated workloads, sampled once a second by a virtual clock, recorded as the agent records
// them. Prints what a snapshot costs the guard's thread and the writer's, the bytes on the disk, how far back each
// resolution reaches, and what the recorder holds in memory.
//
//   history_bench [DAYS [WORKLOADS [MAX_MIB [FILE]]]]

#include <algorithm>
#include <chrono>
#include <cstdio>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <random>
#include <string>
#include <vector>

#include <time.h>
#include <unistd.h>

#include "guard/history/reader.h"
#include "guard/history/recorder.h"

namespace {

using namespace std::chrono_literals;
using guard::history::Resolution;

double thread_cpu_seconds() {
  timespec time{};
  ::clock_gettime(CLOCK_THREAD_CPUTIME_ID, &time);
  return static_cast<double>(time.tv_sec) + static_cast<double>(time.tv_nsec) * 1e-9;
}

double resident_mebibytes() {
  std::ifstream file("/proc/self/statm");
  long total = 0, resident = 0;
  file >> total >> resident;
  return static_cast<double>(resident * ::getpagesize()) / (1 << 20);
}

// A server as a cgroup v2 shows it: a heap that breathes with the load, page cache that fills and is dropped, CPU time
// in microseconds, a clock that is never quite on the second.
class Simulated {
 public:
  explicit Simulated(int count) : random_(42) {
    snapshot_.at = base::SteadyTime(1h);
    snapshot_.wall = base::WallTime(1767225600s);
    snapshot_.host.memory_total = base::gibibytes(16);
    snapshot_.host.cores = 4;
    snapshot_.host.disks.push_back({"/", base::gibibytes(100), base::gibibytes(40)});
    snapshot_.sources.push_back({"engine", true, "", base::Duration(0), 0});
    for (int i = 0; i < count; ++i) add_workload(i);
  }

  const guard::sample::Snapshot& next() {
    const auto step = 1s + std::chrono::microseconds(normal(0, 120));
    snapshot_.at += step;
    snapshot_.wall += step;
    const double day = base::to_seconds(snapshot_.wall.time_since_epoch()) / 86400 * 6.2831853;
    for (auto& workload : snapshot_.workloads) move(workload, 1 + 0.5 * std::sin(day));
    auto& host = snapshot_.host;
    host.memory_available = base::Bytes{(2'000'000 + normal(0, 300)) * 4096};
    host.load1 = 0.01 * static_cast<double>(50 + normal(0, 5));
    host.pressure.cpu.some = host.pressure.cpu.some.value_or({}) + std::chrono::microseconds(1000 + normal(0, 300));
    if (chance(300)) snapshot_.host.disks[0].available += base::Bytes{normal(0, 1000) * 4096};
    if (!chance(1800)) return snapshot_;
    for (auto& log : snapshot_.logs) {
      ++log.matches;
      log.last_match = snapshot_.at;
      log.last_match_wall = snapshot_.wall;
      log.captures["count"] = static_cast<double>(std::abs(normal(0, 20)));
    }
    return snapshot_;
  }

 private:
  std::int64_t normal(double mean, double deviation) {
    return std::llround(std::normal_distribution<double>(mean, deviation)(random_));
  }
  bool chance(unsigned one_in) { return random_() % one_in == 0; }

  void add_workload(int number) {
    auto& workload = snapshot_.workloads.emplace_back();
    workload.name = "service-" + std::to_string(number);
    workload.identity = {"container:" + std::string(64, static_cast<char>('a' + number % 6)), std::string(64, 'f'),
                         "registry.example/shop/service:1.4.2", 4000 + number};
    workload.lifecycle.state = guard::sample::State::running;
    workload.lifecycle.started_at = snapshot_.wall;
    workload.lifecycle.starts = 1;
    auto& resources = workload.resources;
    resources.memory.anon = base::Bytes{50'000 * 4096};
    resources.memory.file = base::Bytes{20'000 * 4096};
    resources.memory.shmem = base::Bytes{0};
    resources.memory.kernel = base::Bytes{2'000 * 4096};
    resources.memory.limit = base::mebibytes(700);
    resources.memory.high = base::Bytes::unlimited();
    resources.memory.reservation = base::mebibytes(512);
    resources.memory.oom_kills = 0;
    resources.cpu = {base::Duration(0), base::Cores{0.8}, 0, 0, base::Duration(0)};
    resources.pids = {12, 512};
    for (auto* totals : {&resources.pressure.memory, &resources.pressure.cpu, &resources.pressure.io})
      *totals = {base::Duration(0), base::Duration(0)};
    workload.caps.kernel = {base::mebibytes(700), base::mebibytes(512), {}, base::Cores{0.8}, 512};
    workload.caps.engine = workload.caps.kernel;
    workload.caps.has_memory_high = true;
    if (number % 2 != 0) return;
    guard::sample::LogWatch& log = snapshot_.logs.emplace_back();
    log.workload = workload.name;
    log.name = "cleanup";
    log.source_up = true;
    log.watched_since = snapshot_.at;
  }

  void move(guard::sample::Workload& workload, double load) {
    auto& memory = workload.resources.memory;
    const auto pages = [](base::Bytes bytes) { return bytes.count / 4096; };
    memory.anon =
        base::Bytes{(pages(*memory.anon) + normal(0, 25 * load) - (pages(*memory.anon) - 50'000) / 500) * 4096};
    if (chance(3)) memory.file = base::Bytes{std::max<std::int64_t>(0, pages(*memory.file) + normal(2, 30)) * 4096};
    if (chance(600)) memory.file = base::Bytes{20'000 * 4096};
    memory.inactive_file = base::Bytes{pages(*memory.file) * 6 / 10 * 4096};
    if (chance(4)) memory.kernel = base::Bytes{(2'000 + normal(0, 8)) * 4096};
    memory.usage = *memory.anon + *memory.file + *memory.kernel + base::Bytes{std::abs(normal(0, 6)) * 4096};
    memory.peak = std::max(memory.peak.value_or({}), *memory.usage);
    auto& cpu = workload.resources.cpu;
    cpu.used = *cpu.used + std::chrono::microseconds(std::abs(normal(60'000 * load, 9'000)));
    cpu.periods = *cpu.periods + 10;
    if (chance(20)) {
      cpu.throttled_periods = *cpu.throttled_periods + 1;
      cpu.throttled = *cpu.throttled + std::chrono::microseconds(std::abs(normal(0, 20'000)));
    }
    if (chance(30)) workload.resources.pids.current = 12 + std::abs(normal(0, 2));
    auto& some = workload.resources.pressure.cpu.some;
    some = *some + std::chrono::microseconds(std::abs(normal(400, 150)));
    if (chance(50))
      workload.resources.pressure.io.some =
          *workload.resources.pressure.io.some + std::chrono::microseconds(std::abs(normal(0, 3'000)));
  }

  std::mt19937_64 random_;
  guard::sample::Snapshot snapshot_;
};

void print_extents(const std::string& path) {
  auto reader = guard::history::Reader::open(path);
  if (!reader) return;
  for (const Resolution resolution : guard::history::kResolutions) {
    const auto extent = reader->extent(resolution);
    if (!extent || !extent->since) continue;
    std::printf(
        "  %-4s reaches back %6.2f days, %8llu ticks\n", std::string(guard::history::name_of(resolution)).c_str(),
        base::to_seconds(*extent->until - *extent->since) / 86400, static_cast<unsigned long long>(extent->ticks));
  }
  const auto begun = std::chrono::steady_clock::now();
  std::uint64_t ticks = 0;
  for (auto moment = reader->next(); moment && *moment; moment = reader->next()) ++ticks;
  const double seconds = base::to_seconds(std::chrono::steady_clock::now() - begun);
  std::printf("read back: %llu ticks in %.1f s\n", static_cast<unsigned long long>(ticks), seconds);
}

// On the guard's thread: what offering one snapshot costs, while the writer keeps up.
void print_offer(const std::string& path, int workloads) {
  Simulated simulated(workloads);
  guard::history::Recorder recorder({.path = path, .limits = {}, .write_every = 5s});
  std::vector<double> costs;
  for (int i = 0; i < 2000; ++i) {
    const auto& snapshot = simulated.next();
    const double begun = thread_cpu_seconds();
    recorder.offer(snapshot);
    costs.push_back((thread_cpu_seconds() - begun) * 1e6);
  }
  std::nth_element(costs.begin(), costs.begin() + 1000, costs.end());
  std::printf("guard's thread: %.1f us a tick, %.2f us a sample (median)\n", costs[1000], costs[1000] / workloads);
}

}  // namespace

int main(int argc, char** argv) {
  const double days = argc > 1 ? std::atof(argv[1]) : 30;
  const int workloads = argc > 2 ? std::atoi(argv[2]) : 20;
  const int mebibytes = argc > 3 ? std::atoi(argv[3]) : 64;
  const std::string path =
      argc > 4 ? argv[4] : std::filesystem::temp_directory_path() / ("history-bench-" + std::to_string(::getpid()));
  print_offer(path + ".offer", workloads);

  Simulated simulated(workloads);
  guard::history::RecordingCounters counters;
  const double before = resident_mebibytes();
  double spent = 0;
  std::int64_t most_bytes = 0;
  const auto ticks = static_cast<std::int64_t>(days * 86400);
  {
    guard::history::Recording recording(
        {.path = path, .limits = {.max_size = base::mebibytes(mebibytes), .keep = 720h}, .write_every = 5s}, counters);
    for (std::int64_t i = 0; i < ticks; ++i) {
      const auto& snapshot = simulated.next();
      const double begun = thread_cpu_seconds();
      recording.take(snapshot);
      spent += thread_cpu_seconds() - begun;
      most_bytes = std::max(most_bytes, counters.bytes.load());
    }
    recording.write();
    std::printf("writer's thread: %.1f us a tick, %.2f us a sample\n", spent / static_cast<double>(ticks) * 1e6,
                spent / static_cast<double>(ticks) / workloads * 1e6);
    std::printf("memory of the recording, open blocks and SQLite's pages: %.1f MiB\n", resident_mebibytes() - before);
  }
  std::printf("%.1f days of %d workloads at 1 s within %d MiB: %.2f MiB on disk, %.2f at most\n", days, workloads,
              mebibytes, static_cast<double>(counters.bytes.load()) / (1 << 20),
              static_cast<double>(most_bytes) / (1 << 20));
  print_extents(path);
  if (argc <= 4)
    for (const char* beside : {"", "-wal", "-shm", ".offer", ".offer-wal", ".offer-shm"})
      std::filesystem::remove(path + beside);
  return 0;
}
