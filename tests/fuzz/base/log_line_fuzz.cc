// Whatever a value holds, a log line is one line of printable text within its bound.

#include <algorithm>
#include <string>

#include "../fuzz.h"
#include "base/log_line.h"

namespace {

void check(const std::string& line) {
  const auto is_control = [](char c) { return static_cast<unsigned char>(c) < 0x20 || c == 0x7f; };
  fuzz::require(std::none_of(line.begin(), line.end(), is_control), "a line holds no control character");
  fuzz::require(line.size() <= base::kMaxLogLineBytes, "a line is within its bound");
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const auto text = fuzz::text_of(data, size);
  const auto half = text.size() / 2;
  check(base::logfmt_line(base::LogLevel::info, "m", {{"a", text.substr(0, half)}, {text.substr(half, 20), text}}));
  check(base::json_line_tail(base::LogLevel::info, "m", {{"a", text.substr(0, half)}, {text.substr(half, 20), text}}));
  return 0;
}
