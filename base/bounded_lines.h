#pragma once
// Reads the lines of a file with untrusted content; at most one bounded line is in memory.

#include <cstddef>
#include <functional>
#include <istream>
#include <string>

namespace base {

// Calls `on_line` for each line, without its line end, until it returns false. Longer lines are cut to `max_bytes`.
void for_each_line(std::istream& in, std::size_t max_bytes, const std::function<bool(const std::string& line)>& on_line);

}  // namespace base
