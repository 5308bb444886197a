#pragma once
// Checks log patterns. RE2 is included in the .cc only.

#include <string>
#include <vector>

namespace guard::config {

// "" for a valid pattern, otherwise the problem: another regular expression dialect (with its RE2 form), RE2's error, a
// pattern that matches every line, more than 4 KiB, or more than 16 groups.
std::string find_pattern_problem(const std::string& pattern);

// Names of the groups of a valid pattern; empty for an invalid one.
std::vector<std::string> names_of_groups(const std::string& pattern);

}  // namespace guard::config
