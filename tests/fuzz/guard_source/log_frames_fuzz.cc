// Whatever the log stream holds, with a terminal (first byte odd) and without: the same lines come however it is cut,
// and none is longer than the bound.

#include <string>
#include <vector>

#include "../fuzz.h"
#include "guard/source/docker/log_frames.h"

namespace {

constexpr std::size_t kMostLine = 64;

struct Read {
  std::vector<std::string> lines;
  bool is_right = true;
  friend bool operator==(const Read&, const Read&) = default;
};

Read read(bool tty, std::string_view text, std::size_t piece) {
  guard::source::ContainerLogFrames frames(tty, kMostLine);
  Read read;
  while (!text.empty() && read.is_right) {
    const auto on_line = [&](std::string_view line, base::WallTime at) {
      fuzz::require(line.size() <= kMostLine, "a line is bounded");
      fuzz::require(at.time_since_epoch().count() >= 0, "a line has a time");
      read.lines.emplace_back(line);
    };
    read.is_right = frames.feed(text.substr(0, piece), on_line).has_value();
    text.remove_prefix(std::min(piece, text.size()));
  }
  return read;
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  if (size == 0) return 0;
  const bool tty = (data[0] & 1) != 0;
  const auto text = fuzz::text_of(data + 1, size - 1);
  fuzz::require(read(tty, text, size) == read(tty, text, 7), "where a piece ends makes no difference");
  return 0;
}
