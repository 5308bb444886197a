#pragma once
// Chunks of a log, cut wherever a read happened to end, become lines again. Memory is bounded by one line's limit.

#include <cstddef>
#include <cstdint>
#include <functional>
#include <string>
#include <string_view>

namespace guard::source {

// Called with one line without its end ("\n" or "\r\n"); the view is valid during the call only. The bytes are as
// they came, invalid UTF-8 included, but for NUL bytes at the line's beginning.
using OnLine = std::function<void(std::string_view line)>;

class LineSplitter {
 public:
  static constexpr std::size_t kMaxLineBytes = 64u << 10;
  explicit LineSplitter(std::size_t max_line_bytes = kMaxLineBytes) : max_line_bytes_(max_line_bytes) {}

  // A line over the limit is handed on cut, as soon as the limit is reached, and its rest is dropped.
  void feed(std::string_view chunk, const OnLine& on_line);
  // The stream has ended: hands on what stands there without a line end, if anything.
  void finish(const OnLine& on_line);

  [[nodiscard]] std::uint64_t cut_lines() const { return cut_lines_; }

 private:
  void end_line(std::string_view rest, const OnLine& on_line);

  std::size_t max_line_bytes_;
  std::string pending_;    // the line begun and not ended; shorter than the limit
  bool skipping_ = false;  // dropping the rest of a line that was cut
  std::uint64_t cut_lines_ = 0;
};

}  // namespace guard::source
