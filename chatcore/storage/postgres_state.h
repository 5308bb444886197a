#pragma once
// The server's SQLSTATEs (PostgreSQL's documentation, appendix A) by what they mean for a caller.

#include <string_view>

#include "base/result.h"

namespace chatcore::storage {

// unavailable: nothing was stored, and it may go well next time, perhaps on another connection.
base::Code code_of_state(std::string_view state);

// The server has undone the whole transaction for the sake of another one (a deadlock, a serialization failure): the
// same one may go well at once.
bool is_lost_race(std::string_view state);

}  // namespace chatcore::storage
