#include "guard/source/log/lines.h"

#include <algorithm>

namespace guard::source {

void LineSplitter::end_line(std::string_view rest, const OnLine& on_line) {
  std::string_view line = rest;
  if (!pending_.empty()) {
    pending_ += rest;
    line = pending_;
  }
  if (!line.empty() && line.back() == '\r') line.remove_suffix(1);
  on_line(line);
  pending_.clear();
}

void LineSplitter::feed(std::string_view chunk, const OnLine& on_line) {
  while (!chunk.empty()) {
    const auto newline = chunk.find('\n');
    std::string_view part = chunk.substr(0, newline);
    // A hole in a file is read as NUL bytes, however many; they must not use up the line's limit.
    if (pending_.empty()) part.remove_prefix(std::min(part.find_first_not_of('\0'), part.size()));
    if (!skipping_) {
      const std::size_t room = max_line_bytes_ - pending_.size();
      if (part.size() > room) {
        end_line(part.substr(0, room), on_line);
        ++cut_lines_;
        skipping_ = true;
      } else if (newline != std::string_view::npos) {
        end_line(part, on_line);
      } else {
        pending_ += part;
      }
    }
    if (newline == std::string_view::npos) return;
    skipping_ = false;
    chunk.remove_prefix(newline + 1);
  }
}

void LineSplitter::finish(const OnLine& on_line) {
  if (!pending_.empty()) end_line({}, on_line);
  skipping_ = false;
}

}  // namespace guard::source
