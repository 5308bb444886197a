#include "agent/bounded_lines.h"

namespace agent {

void for_each_line(std::istream& in, std::size_t most, const std::function<bool(const std::string& line)>& take) {
  std::string line;
  std::streambuf* bytes = in.rdbuf();
  constexpr auto kEnd = std::istream::traits_type::eof();
  for (auto byte = bytes->sbumpc(); byte != kEnd; byte = bytes->sbumpc()) {
    if (byte != '\n') {
      if (line.size() < most) line += static_cast<char>(byte);
      continue;
    }
    if (!take(line)) return;
    line.clear();
  }
  if (!line.empty()) take(line);
}

}  // namespace agent
