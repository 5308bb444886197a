#pragma once
// What one agent leaves with a holder for the next: a command's history, and which configuration it was started with.

#include <cstdint>
#include <optional>
#include <string>

#include "base/clock.h"
#include "guard/sample/snapshot.h"

namespace agent {

struct ChildRecord {
  std::uint64_t fingerprint = 0;
  std::uint64_t starts = 0;
  guard::sample::ExitReason last_exit = guard::sample::ExitReason::none;
  int last_exit_code = 0;
  std::optional<std::uint64_t> oom_kills_before;  // of the cgroup, when this run began
  base::Duration pause{0};                        // before the next start

  friend bool operator==(const ChildRecord&, const ChildRecord&) = default;
};

std::string write_note(const ChildRecord& note);
// Nothing when it is not a record.
std::optional<ChildRecord> read_note(const std::string& text);

}  // namespace agent
