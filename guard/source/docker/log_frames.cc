#include "guard/source/docker/log_frames.h"

#include <algorithm>

#include "guard/source/docker/time.h"

namespace guard::source {
namespace {

using base::Code;
using base::fail;

constexpr std::size_t kHeaderBytes = 8;
constexpr std::size_t kMaxFrameBytes = 1u << 20;
constexpr std::size_t kMaxTimeBytes = 40;
constexpr std::uint8_t kStandardError = 2;
constexpr std::uint8_t kEngineError = 3;
// What the engine reads at once from a container's output; a line's parts are so long, but for the last.
constexpr std::size_t kPartBytes = 16u << 10;

struct Stamped {
  std::string_view stamp;  // with the space after it
  base::WallTime at;
  std::string_view text;
};

std::optional<Stamped> split_stamp(std::string_view payload) {
  const auto space = payload.substr(0, kMaxTimeBytes).find(' ');
  if (space == std::string_view::npos) return std::nullopt;
  const auto at = parse_engine_time(payload.substr(0, space));
  if (!at) return std::nullopt;
  return Stamped{payload.substr(0, space + 1), *at, payload.substr(space + 1)};
}

std::string_view without_end(std::string_view line) {
  if (line.ends_with('\n')) line.remove_suffix(1);
  if (line.ends_with('\r')) line.remove_suffix(1);
  return line;
}

base::Error no_time() { return base::Error{Code::corrupt, "container log: a line without its time"}; }

}  // namespace

ContainerLogFrames::ContainerLogFrames(bool tty, std::size_t max_line_bytes)
    : tty_(tty), max_line_bytes_(max_line_bytes) {}

base::Status ContainerLogFrames::feed(std::string_view bytes, const OnLine& on_line) {
  return tty_ ? feed_terminal(bytes, on_line) : feed_frames(bytes, on_line);
}

base::Status ContainerLogFrames::feed_frames(std::string_view bytes, const OnLine& on_line) {
  while (!bytes.empty()) {
    const auto take_up_to = [&](std::size_t size) {
      const auto taken = std::min(bytes.size(), size - std::min(size, pending_.size()));
      pending_.append(bytes.substr(0, taken));
      bytes.remove_prefix(taken);
      return pending_.size() >= size;
    };
    if (!take_up_to(kHeaderBytes)) return {};
    const auto byte = [&](std::size_t index) { return static_cast<std::uint8_t>(pending_[index]); };
    const auto size = std::size_t{byte(4)} << 24 | std::size_t{byte(5)} << 16 | std::size_t{byte(6)} << 8 | byte(7);
    if (byte(0) > kEngineError || byte(1) || byte(2) || byte(3) || size > kMaxFrameBytes)
      return fail(Code::corrupt, "container log: not a frame");
    if (!take_up_to(kHeaderBytes + size)) return {};
    if (const auto taken = take_frame(byte(0), std::string_view(pending_).substr(kHeaderBytes), on_line); !taken)
      return taken;
    pending_.clear();
  }
  return {};
}

base::Status ContainerLogFrames::take_frame(std::uint8_t stream, std::string_view payload, const OnLine& on_line) {
  if (stream == kEngineError)
    return fail(Code::unavailable, "container log: " + std::string(without_end(payload.substr(0, 300))));
  const auto stamped = split_stamp(payload);
  if (!stamped) return fail(no_time());
  Line& line = lines_[std::min(stream, kStandardError)];
  has_joined_ = has_joined_ || line.at.has_value();
  if (!line.at) line.at = stamped->at;
  append(line.text, stamped->text);
  if (!stamped->text.ends_with('\n')) return {};
  on_line(without_end(line.text).substr(0, max_line_bytes_), *line.at);
  line = {};
  return {};
}

base::Status ContainerLogFrames::feed_terminal(std::string_view bytes, const OnLine& on_line) {
  while (!bytes.empty()) {
    const auto end = bytes.find('\n');
    const bool is_whole = end != std::string_view::npos;
    append(pending_, bytes.substr(0, is_whole ? end + 1 : bytes.size()));
    bytes.remove_prefix(is_whole ? end + 1 : bytes.size());
    if (!is_whole) return {};
    if (const auto taken = take_terminal_line(on_line); !taken) return taken;
    pending_.clear();
  }
  return {};
}

base::Status ContainerLogFrames::take_terminal_line(const OnLine& on_line) {
  const auto stamped = split_stamp(pending_);
  if (!stamped) return fail(no_time());
  std::string line;
  std::string_view rest = stamped->text;
  while (rest.size() > kPartBytes && rest.substr(kPartBytes).starts_with(stamped->stamp)) {
    has_joined_ = true;
    line.append(rest.substr(0, kPartBytes));
    rest.remove_prefix(kPartBytes + stamped->stamp.size());
  }
  line.append(rest);
  on_line(without_end(line).substr(0, max_line_bytes_), stamped->at);
  return {};
}

// What is above the bound is dropped. A terminal's line holds a time for each part as well.
void ContainerLogFrames::append(std::string& line, std::string_view text) const {
  const auto bound = max_line_bytes_ + (max_line_bytes_ / kPartBytes + 1) * kMaxTimeBytes;
  line.append(text.substr(0, bound - std::min(bound, line.size())));
}

}  // namespace guard::source
