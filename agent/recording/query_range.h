#pragma once
// Parses a response of Prometheus's /api/v1/query_range as a stream.

#include <istream>

#include "agent/recording/recording.h"

namespace agent::recording {

// Series have Prometheus's notation: up{job="a"}. Errors: corrupt, with line and column for invalid JSON, with the
// series and its value for an invalid sample.
base::Status read_query_range(std::istream& in, const Sink& sink);

}  // namespace agent::recording
