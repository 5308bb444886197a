// Whatever a log line holds: what is left has no ESC, CR, NUL or byte order mark, is no longer than the line, and
// consists of the line's own bytes in their order.

#include <string>

#include "../fuzz.h"
#include "guard/source/log/lines.h"
#include "guard/source/log/text.h"

namespace {

bool is_subsequence(std::string_view part, std::string_view whole) {
  std::size_t found = 0;
  for (const char byte : whole)
    if (found < part.size() && part[found] == byte) ++found;
  return found == part.size();
}

void check(std::string_view line) {
  std::string buffer;
  const std::string_view clean = guard::source::clean_log_line(line, buffer);
  fuzz::require(clean.find_first_of(std::string_view("\0\r\x1b", 3)) == std::string_view::npos, "no control is left");
  fuzz::require(is_subsequence(clean, line), "nothing is added or moved");
  fuzz::require(clean.size() < line.size() || clean == line, "a line of the same length is the same line");
  if (clean.data() != line.data()) return;
  fuzz::require(buffer.empty(), "a clean line costs nothing");
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const auto text = fuzz::text_of(data, size);
  check(text);
  guard::source::LineSplitter lines(64);
  const auto half = size / 2;
  lines.feed(text.substr(0, half), check);
  lines.feed(text.substr(half), check);
  lines.finish(check);
  return 0;
}
