#include "chatcore/storage/postgres_state.h"

#include <algorithm>
#include <array>

namespace chatcore::storage {
namespace {

using base::Code;

struct StateCode {
  std::string_view begin;
  Code code;
};

// The first that fits counts.
constexpr std::array kStates{
    StateCode{"53100", Code::exhausted},          // disk full
    StateCode{"53200", Code::exhausted},          // out of memory
    StateCode{"53", Code::unavailable},           // too many connections
    StateCode{"54", Code::too_large},             // a limit of the program
    StateCode{"08", Code::unavailable},           // connection
    StateCode{"57", Code::unavailable},           // shutdown, start, statement timeout
    StateCode{"58", Code::unavailable},           // I/O
    StateCode{"40", Code::unavailable},           // chosen to break a deadlock, not serializable
    StateCode{"55", Code::unavailable},           // a lock not granted in time
    StateCode{"25", Code::unavailable},           // a standby, which only reads
    StateCode{"3D", Code::unavailable},           // no such database
    StateCode{"28", Code::permission_denied},     // user or password
    StateCode{"42501", Code::permission_denied},  // privileges
    StateCode{"22", Code::invalid_argument},      // data
    StateCode{"23", Code::conflict},              // constraints
    StateCode{"XX001", Code::corrupt},
    StateCode{"XX002", Code::corrupt},
};

}  // namespace

Code code_of_state(std::string_view state) {
  const auto* found = std::ranges::find_if(kStates, [&](const StateCode& one) { return state.starts_with(one.begin); });
  return found == kStates.end() ? Code::internal : found->code;
}

bool is_lost_race(std::string_view state) { return state == "40P01" || state == "40001"; }

}  // namespace chatcore::storage
