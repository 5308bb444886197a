#include "guard/action/unit_properties.h"

#include <cmath>
#include <limits>

#include "guard/action/cgroup_files.h"

namespace guard::action {
namespace {

constexpr std::uint64_t kInfinity = std::numeric_limits<std::uint64_t>::max();

std::uint64_t bytes_of(base::Bytes bytes) {
  return bytes == base::Bytes::unlimited() ? kInfinity : static_cast<std::uint64_t>(bytes.count);
}

}  // namespace

std::vector<std::pair<std::string, std::uint64_t>> unit_properties(const sample::Caps& caps) {
  constexpr double kMicrosecondsPerSecond = 1e6;
  std::vector<std::pair<std::string, std::uint64_t>> properties;
  // The soft limits first, as everywhere: the kernel then reclaims gently before the hard limit is lowered.
  if (caps.memory_reservation) properties.emplace_back("MemoryLow", bytes_of(*caps.memory_reservation));
  if (caps.memory_high) properties.emplace_back("MemoryHigh", bytes_of(*caps.memory_high));
  if (caps.memory) properties.emplace_back("MemoryMax", bytes_of(*caps.memory));
  if (caps.cpus) {
    const bool is_unlimited = *caps.cpus == base::Cores::unlimited();
    properties.emplace_back(
        "CPUQuotaPerSecUSec",
        is_unlimited ? kInfinity : static_cast<std::uint64_t>(std::llround(caps.cpus->count * kMicrosecondsPerSecond)));
  }
  if (caps.pids) {
    const bool is_unlimited = *caps.pids == std::numeric_limits<std::int64_t>::max();
    properties.emplace_back("TasksMax", is_unlimited ? kInfinity : static_cast<std::uint64_t>(*caps.pids));
  }
  return properties;
}

base::Status set_unit_caps(const std::string& unit, const sample::Caps& caps, const base::SystemdBusOptions& options) {
  auto bus = base::SystemdBus::connect(options);
  if (!bus) return base::fail(bus.error());
  if (auto set = bus->set_properties(unit, unit_properties(caps)); !set) return set;
  // systemd writes the cgroup's files after it has answered, and before it answers anything else.
  if (const auto written = bus->load_unit(unit); !written) return base::fail(written.error());
  return {};
}

base::Status apply_unit_caps(const std::string& unit, const sample::Cgroup& cgroup, const sample::Caps& caps,
                             const base::SystemdBusOptions& options, std::string& how) {
  const auto set = set_unit_caps(unit, caps, options);
  if (set) {
    how = "in force in systemd and in the cgroup";
    return {};
  }
  // not_found: a unit of a user's own manager.
  const base::Code code = set.error().code;
  if (code != base::Code::unavailable && code != base::Code::deadline_exceeded && code != base::Code::not_found)
    return set;
  how = "in force in the cgroup until the next daemon-reload; systemd did not accept it: " + set.error().message;
  return apply_caps(cgroup, caps);
}

}  // namespace guard::action
