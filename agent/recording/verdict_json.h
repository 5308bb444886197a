#pragma once
// The output of `leakguard analyze --json`.

#include <string>
#include <vector>

#include "agent/recording/analysis.h"

namespace agent::recording {

// One document: {"series":[{"name","verdict","growth_bytes_per_hour",…}]}. What is not known is null; bytes that are no
// UTF-8 are replaced.
std::string verdicts_as_json(const std::vector<Verdict>& verdicts);

}  // namespace agent::recording
