#pragma once
// Actions of the previous agent, from its journal: a restarted agent must not start with an unused action rate limit
// and forget what its rules rest from, or a crash would allow one more restart each time.

#include <optional>
#include <string>
#include <vector>

#include "guard/guard.h"

namespace agent {

// The enforcing actions that were begun, the oldest first: the last kMostRemembered of `journal` and of the file that
// it replaced. Lines that are torn or of another form are passed over; no journal has none.
constexpr std::size_t kMostRemembered = 10000;
std::vector<guard::PastAction> read_journal(const std::string& journal);

// The enforcing action that this line says is about to be carried out. Nothing for every other line. Pure.
std::optional<guard::PastAction> parse_journal_line(const std::string& line);

}  // namespace agent
