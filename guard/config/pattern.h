#pragma once
// Whether a log pattern can be used. RE2 is met in the .cc alone.

#include <string>
#include <vector>

namespace guard::config {

// "" for a good pattern, else what is wrong with it: another language's form with RE2's beside it, RE2's own words, a
// pattern that matches every line, more than 4 KiB, more than 16 groups.
std::string find_pattern_problem(const std::string& pattern);

// Names of the groups of a pattern that can be used; none of one that cannot.
std::vector<std::string> names_of_groups(const std::string& pattern);

}  // namespace guard::config
