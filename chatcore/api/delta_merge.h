#pragma once
// For the builders of replies (*_replies.cc) and function_calls.cc alone: merges the deltas of a streamed answer. Pure.

#include <string>
#include <vector>

#include "chatcore/api/json_writer.h"

namespace chatcore::api {

// One object of all deltas (JSON objects), as OpenAI's own clients merge them; {} when the answer is text alone. Tool
// calls have a type and no index.
OrderedJson merged_deltas(const std::vector<std::string>& deltas);

}  // namespace chatcore::api
