#include "base/bounded_lines.h"

namespace base {

void for_each_line(std::istream& in, std::size_t max_bytes, const std::function<bool(const std::string& line)>& on_line) {
  std::string line;
  std::streambuf* bytes = in.rdbuf();
  constexpr auto kEnd = std::istream::traits_type::eof();
  for (auto byte = bytes->sbumpc(); byte != kEnd; byte = bytes->sbumpc()) {
    if (byte != '\n') {
      if (line.size() < max_bytes) line += static_cast<char>(byte);
      continue;
    }
    if (!on_line(line)) return;
    line.clear();
  }
  if (!line.empty()) on_line(line);
}

}  // namespace base
