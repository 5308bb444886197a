#include "guard/source/systemd/unit.h"

#include <algorithm>
#include <charconv>

namespace guard::source {
namespace {

using sample::ExitReason;
using sample::State;

std::string_view text_of(const UnitProperties& properties, std::string_view name) {
  const auto found = properties.find(name);
  return found == properties.end() ? std::string_view() : std::string_view(found->second);
}

std::uint64_t number_of(const UnitProperties& properties, std::string_view name) {
  const std::string_view text = text_of(properties, name);
  std::uint64_t number = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), number);
  return error == std::errc() && end == text.data() + text.size() ? number : 0;
}

// "active (exited)" is a oneshot service that has done its work: nothing of it runs.
State state_of(std::string_view active, std::string_view sub) {
  if (active == "active") return sub == "exited" ? State::stopped : State::running;
  if (active == "reloading" || active == "refreshing" || active == "deactivating") return State::running;
  if (active == "activating") return State::starting;
  if (active == "inactive" || active == "failed" || active == "maintenance") return State::stopped;
  return State::unknown;
}

bool is_over(State state, std::string_view sub) { return state == State::stopped || sub.starts_with("auto-restart"); }

ExitReason reason_of(std::string_view result, bool has_run) {
  if (result == "success") return has_run ? ExitReason::clean : ExitReason::none;
  if (result == "oom-kill") return ExitReason::oom_kill;
  if (result == "signal" || result == "core-dump" || result == "watchdog") return ExitReason::signal;
  return result.empty() ? ExitReason::none : ExitReason::error;
}

void remember_end(const UnitProperties& properties, const SystemdUnit& unit, UnitEnds& ends) {
  constexpr std::uint64_t kKilled = 2;  // CLD_KILLED, CLD_DUMPED
  constexpr std::uint64_t kDumped = 3;
  const std::uint64_t code = number_of(properties, "ExecMainCode");
  const auto status = static_cast<int>(std::min<std::uint64_t>(number_of(properties, "ExecMainStatus"), 255));
  ends.last_exit = reason_of(text_of(properties, "Result"), !unit.invocation.empty());
  ends.last_exit_code = code == kKilled || code == kDumped ? 128 + status : status;
  ends.ended = unit.invocation;
}

}  // namespace

std::vector<UnitProperty> properties_of(std::string_view unit) {
  std::vector<UnitProperty> properties = {{"Unit", "LoadState"},
                                          {"Unit", "ActiveState"},
                                          {"Unit", "SubState"},
                                          {"Unit", "InvocationID"},
                                          {"Unit", "ActiveEnterTimestamp"}};
  if (unit.ends_with(".service")) {
    for (const std::string_view name :
         {"ControlGroup", "Result", "NRestarts", "MainPID", "ExecMainCode", "ExecMainStatus"})
      properties.push_back({"Service", name});
  } else if (unit.ends_with(".scope")) {
    properties.push_back({"Scope", "ControlGroup"});
    properties.push_back({"Scope", "Result"});
  } else {
    properties.push_back({"Slice", "ControlGroup"});
  }
  return properties;
}

SystemdUnit read_unit(const UnitProperties& properties, UnitEnds& ends) {
  SystemdUnit unit;
  const std::string_view load = text_of(properties, "LoadState");
  const std::string_view sub = text_of(properties, "SubState");
  unit.state = state_of(text_of(properties, "ActiveState"), sub);
  unit.control_group = text_of(properties, "ControlGroup");
  unit.invocation = text_of(properties, "InvocationID");
  unit.restarts = number_of(properties, "NRestarts");
  unit.main_pid = static_cast<std::int64_t>(number_of(properties, "MainPID"));
  if (unit.state == State::unknown)
    unit.why = "systemd calls it '" + std::string(text_of(properties, "ActiveState")) + "', which is not known here";
  // A unit whose file was removed while it runs is "not-found", too.
  if (load == "not-found" && unit.state == State::stopped && text_of(properties, "ActiveState") == "inactive")
    unit.state = State::absent;
  else if (unit.state == State::stopped && !load.empty() && load != "loaded")
    unit.why = "systemd cannot start it: its unit is " + std::string(load);
  if (unit.state == State::running) {
    const std::chrono::microseconds since(number_of(properties, "ActiveEnterTimestamp"));
    if (since.count() > 0)
      unit.started_at = base::WallTime(std::chrono::duration_cast<base::WallTime::duration>(since));
  }
  if (unit.state == State::absent) return unit;

  const bool is_oom = text_of(properties, "Result") == "oom-kill";
  if (is_oom && ends.oom_counted != unit.invocation) {
    if (ends.known) ++ends.oom_ends;
    ends.oom_counted = unit.invocation;
  }
  if (is_over(unit.state, sub)) {
    remember_end(properties, unit, ends);
  } else if (ends.known && unit.invocation != ends.seen && ends.ended != ends.seen) {
    ends.last_exit = ExitReason::none;  // a run ended between two looks: how is not known
    ends.last_exit_code = 0;
  }
  ends.seen = unit.invocation;
  ends.known = true;
  unit.last_exit = ends.last_exit;
  unit.last_exit_code = ends.last_exit_code;
  unit.oom_ends = ends.oom_ends;
  return unit;
}

}  // namespace guard::source
