#pragma once
// The lines of a file that may hold anything, one after another, without ever holding more than one bounded line.

#include <cstddef>
#include <functional>
#include <istream>
#include <string>

namespace agent {

// A journal's line is a few hundred bytes; evidence is bounded when it is written.
constexpr std::size_t kMostJournalLine = std::size_t{1} << 20;

// Calls `take` for each line without its end; stops when it returns false. Of a longer line the first `most` bytes are
// handed on and the rest is passed over.
void for_each_line(std::istream& in, std::size_t most, const std::function<bool(const std::string& line)>& take);

}  // namespace agent
