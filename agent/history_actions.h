#pragma once
// Reads the journal of decisions and actions, the older file first.

#include <cstddef>
#include <cstdint>
#include <functional>
#include <optional>
#include <string>

#include "base/clock.h"
#include "base/result.h"
#include "base/units.h"

namespace agent {

// Where the journal of an agent with this state_dir is; "" when that keeps nothing. Its older part is beside it:
// PATH.1.
std::string journal_path(const std::string& state_dir);

// Maximum length of a journal line that is read; evidence is bounded when it is written, lines have a few hundred
// bytes.
constexpr std::size_t kMaxJournalLineBytes = std::size_t{1} << 20;

struct ActionQuery {
  std::string state_dir;
  std::string workload;                 // "": all
  std::optional<base::WallTime> since;  // inclusive
  std::optional<base::WallTime> until;  // exclusive
};

// Calls `take` for each line, without its line end, until it returns false. Returns the number of lines skipped since
// they are no JSON object, as where a disk had filled up. Errors: from errno, when there is no journal.
base::Result<std::uint64_t> read_actions(const ActionQuery& query,
                                         const std::function<bool(const std::string& line)>& take);

}  // namespace agent
