#pragma once
// What systemd's properties say of a unit, as values. Pure. Names and values: org.freedesktop.systemd1(5),
// systemd.service(5).

#include <cstdint>
#include <functional>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/clock.h"
#include "guard/sample/snapshot.h"

namespace guard::source {

struct SystemdUnit {
  sample::State state = sample::State::unknown;
  std::string why;             // when unknown, or when it was not started: the reason
  std::string control_group;   // "/system.slice/x.service"; "" while it has none
  std::string invocation;      // 32 hex digits, another one for each run; "" before the first
  std::uint64_t restarts = 0;  // counter: automatic restarts; systemd begins at 0 again with a start by hand
  std::int64_t main_pid = 0;   // 0 when unknown
  std::optional<base::WallTime> started_at;
  sample::ExitReason last_exit = sample::ExitReason::none;
  int last_exit_code = 0;
  std::uint64_t oom_ends = 0;  // counter: runs that ended with Result=oom-kill since the unit is watched
  friend bool operator==(const SystemdUnit&, const SystemdUnit&) = default;
};

// Property by name; absent ones are not in it.
using UnitProperties = std::map<std::string, std::string, std::less<>>;

// The properties that are needed, and of which interface ("Unit", "Service", "Scope", "Slice").
struct UnitProperty {
  std::string_view interface;
  std::string_view name;
};
std::vector<UnitProperty> properties_of(std::string_view unit);

// What is remembered of a unit between two looks: systemd forgets a run's result when the next one begins.
struct UnitEnds {
  bool known = false;       // looked at before
  std::string oom_counted;  // the invocation whose OOM kill was counted last
  std::string ended;        // the last invocation whose end was seen
  std::string seen;         // the invocation of the last look
  std::uint64_t oom_ends = 0;
  sample::ExitReason last_exit = sample::ExitReason::none;
  int last_exit_code = 0;
};

SystemdUnit read_unit(const UnitProperties& properties, UnitEnds& ends);

}  // namespace guard::source
