#pragma once
// The engine's log stream, each line with its time in front, becomes lines again. Pure: bytes in, lines out.
//
// Without a terminal the stream is frames: one byte that says which stream, three zeros, four bytes of length (big
// endian), and that much payload, "2026-11-22T14:00:35.690079074Z text\n". A line longer than 16 KiB comes in several
// frames with the same time, only the last with a line end. With a terminal there are no frames: the payloads follow
// one another, and a long line has its time repeated after every 16 KiB of text.

#include <array>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <optional>
#include <string>
#include <string_view>

#include "base/clock.h"
#include "base/result.h"

namespace guard::source {

class ContainerLogFrames {
 public:
  // The line without its end, valid during the call only.
  using OnLine = std::function<void(std::string_view line, base::WallTime at)>;

  ContainerLogFrames(bool tty, std::size_t max_line_bytes);

  // Errors: corrupt (no frame, no time in front of a line, a frame above 1 MiB); unavailable with the engine's words
  // when it puts an error of its own into the stream. After an error the stream makes no sense any more.
  base::Status feed(std::string_view bytes, const OnLine& on_line);

  // Was a line longer than the engine's 16 KiB among them?
  [[nodiscard]] bool has_joined() const { return has_joined_; }

 private:
  struct Line {
    std::string text;
    std::optional<base::WallTime> at;  // empty: no line is begun
  };
  base::Status feed_frames(std::string_view bytes, const OnLine& on_line);
  base::Status take_frame(std::uint8_t stream, std::string_view payload, const OnLine& on_line);
  base::Status feed_terminal(std::string_view bytes, const OnLine& on_line);
  base::Status take_terminal_line(const OnLine& on_line);
  void append(std::string& line, std::string_view text) const;

  bool tty_;
  std::size_t max_line_bytes_;
  bool has_joined_ = false;
  std::string pending_;        // a frame, or a terminal's line, begun and not ended
  std::array<Line, 3> lines_;  // by stream: standard input (unused), output, error
};

}  // namespace guard::source
