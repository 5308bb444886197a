#pragma once
// When to ask a backend again that could not answer. Pure.

#include <chrono>
#include <optional>
#include <string_view>

#include "base/units.h"

namespace chatcore::llm {

// How long to wait before retry number `retry` (from 1), with full jitter: anything from nothing to a bound that
// doubles from 250 ms to 8 s, so that those who failed together do not come back together. `chance`: 0 to 1.
base::Duration backoff(int retry, double chance);

// Retry-After in its form of seconds, an hour at most; absent for anything else (the form of a date too, since a
// backend's clock is not ours).
std::optional<std::chrono::seconds> parse_retry_after(std::string_view value);

}  // namespace chatcore::llm
