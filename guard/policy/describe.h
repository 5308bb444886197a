#pragma once
// The reason and evidence of a decision as text, for operators who read the history months later. Private to this
// folder.

#include <chrono>
#include <map>
#include <string>

#include "guard/policy/rule.h"

namespace guard::policy {

// "612 MiB", "0.82 cores", "87%", "9m 58s", "12 MiB an hour"; a ratio is always in per cent.
std::string describe_value(Metric metric, bool as_ratio, double value);

// "memory 612 MiB is 87.4% of 700 MiB, above 85% for 31s".
std::string describe_breach(const signal::WorkloadSignals& signals, const Rule& rule, const Threshold& threshold,
                            std::chrono::nanoseconds held);

// The readings behind a decision on `metric`, by name; absent ones are left out.
std::map<std::string, std::string> describe_evidence(const signal::WorkloadSignals& signals, Metric metric,
                                                     const Subject& subject);

// "0.8", "12": at most three decimal places, without trailing zeros.
std::string describe_number(double value);

}  // namespace guard::policy
