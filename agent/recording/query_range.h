#pragma once
// The answer of Prometheus's /api/v1/query_range, read as a stream. Pure but for the stream.

#include <istream>

#include "agent/recording/recording.h"

namespace agent::recording {

// Series are named as Prometheus writes them: up{job="a"}. Errors: corrupt, with line and column where it is no JSON,
// and with the series and its value where it is a sample that is wrong.
base::Status read_query_range(std::istream& in, const Sink& sink);

}  // namespace agent::recording
