// test_workload: a program that misbehaves exactly as told, so that a test knows what the guard must see.
//
//   test_workload grow RATE [LIMIT]      adds RATE bytes a second of touched memory (suffix k, m, g), up to LIMIT
//   test_workload burn [THREADS]         uses whole CPUs for ever
//   test_workload print TEXT SECONDS     prints TEXT at once and then every SECONDS (may be a fraction), flushed
//   test_workload exit CODE [SECONDS]    ends with CODE, at once or after SECONDS
//   test_workload ignore-term            sleeps and ignores SIGTERM, so that only SIGKILL ends it
//
// Linked statically: it is the only file of its container image and runs in the VM as it is. All but ignore-term
// end with status 0 on SIGTERM, also as PID 1, where the kernel would otherwise drop the signal.

#include <atomic>
#include <charconv>
#include <chrono>
#include <csignal>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <string>
#include <thread>
#include <vector>

#include <sys/mman.h>
#include <unistd.h>

namespace {

using Seconds = std::chrono::duration<double>;

[[noreturn]] void refuse(const char* problem) {
  std::fprintf(stderr, "test_workload: %s\n", problem);
  std::exit(2);
}

double number(const char* text) {
  double value = 0;
  const auto [end, error] = std::from_chars(text, text + std::strlen(text), value);
  if (error != std::errc{} || *end != '\0' || value < 0) refuse("not a number");
  return value;
}

// "64m" → bytes, with Docker's binary suffixes.
double bytes(std::string text) {
  double factor = 1;
  switch (text.empty() ? '\0' : text.back()) {
    case 'k': factor = 1024.0; break;
    case 'm': factor = 1024.0 * 1024.0; break;
    case 'g': factor = 1024.0 * 1024.0 * 1024.0; break;
    default: return number(text.c_str());
  }
  text.pop_back();
  return number(text.c_str()) * factor;
}

// Grows by small steps: a kill then comes at the cap and not somewhere inside one big allocation.
[[noreturn]] void grow(double bytes_per_second, double limit_bytes) {
  constexpr Seconds kStep{0.05};
  const auto page = static_cast<double>(sysconf(_SC_PAGESIZE));
  double owed = 0;
  double held = 0;
  while (true) {
    std::this_thread::sleep_for(kStep);
    owed += bytes_per_second * kStep.count();
    const double step = page * static_cast<double>(static_cast<long>(owed / page));
    if (step < page || held + step > limit_bytes) continue;
    const auto length = static_cast<std::size_t>(step);
    void* memory = mmap(nullptr, length, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    if (memory == MAP_FAILED) refuse("no more memory");
    std::memset(memory, 1, length);
    owed -= step;
    held += step;
  }
}

[[noreturn]] void burn(int threads) {
  const auto spin = [] {
    for (std::atomic<unsigned> counter{0};;) counter.fetch_add(1, std::memory_order_relaxed);
  };
  std::vector<std::thread> others;
  for (int index = 1; index < threads; ++index) others.emplace_back(spin);
  spin();
  std::abort();  // not reached: spin never returns
}

[[noreturn]] void print(const char* text, Seconds interval) {
  while (true) {
    std::puts(text);
    std::fflush(stdout);
    std::this_thread::sleep_for(interval);
  }
}

void end_quietly(int /*signal*/) { _exit(0); }

}  // namespace

int main(int argc, char** argv) {
  const std::string command = argc > 1 ? argv[1] : "";
  const auto argument = [&](int index, const char* otherwise) { return argc > index ? argv[index] : otherwise; };
  std::signal(SIGTERM, command == "ignore-term" ? SIG_IGN : end_quietly);
  if (command == "grow" && argc > 2) grow(bytes(argv[2]), bytes(argument(3, "1024g")));
  if (command == "burn") burn(static_cast<int>(number(argument(2, "1"))));
  if (command == "print" && argc > 3) print(argv[2], Seconds{number(argv[3])});
  if (command == "exit" && argc > 2) {
    std::this_thread::sleep_for(Seconds{number(argument(3, "0"))});
    return static_cast<int>(number(argv[2]));
  }
  if (command == "ignore-term") {
    while (true) pause();
  }
  refuse("usage: grow RATE [LIMIT] | burn [THREADS] | print TEXT SECONDS | exit CODE [SECONDS] | ignore-term");
}
