#include "chatcore/llm/sse_parser.h"

#include <utility>

namespace chatcore::llm {
namespace {

constexpr std::string_view kByteOrderMark = "\xEF\xBB\xBF";

base::Status too_large() { return base::fail(base::Code::too_large, "an event of the stream is too large"); }

}  // namespace

base::Status SseParser::feed(std::string_view bytes, const std::function<base::Status(const SseEvent&)>& on_event) {
  while (!bytes.empty()) {
    if (skip_line_feed_) {
      skip_line_feed_ = false;
      if (bytes.front() == '\n') bytes.remove_prefix(1);
      continue;
    }
    const auto end = bytes.find_first_of("\r\n");
    const auto part = bytes.substr(0, end);
    if (line_.size() + part.size() > max_event_bytes_) return too_large();
    if (end == std::string_view::npos) {
      line_.append(part);
      return {};
    }
    skip_line_feed_ = bytes[end] == '\r';
    bytes.remove_prefix(end + 1);
    // Most lines come whole and need not be copied.
    if (line_.empty()) {
      if (auto taken = take_line(part, on_event); !taken) return taken;
    } else {
      line_.append(part);
      const std::string line = std::exchange(line_, {});
      if (auto taken = take_line(line, on_event); !taken) return taken;
    }
  }
  return {};
}

base::Status SseParser::finish(const std::function<base::Status(const SseEvent&)>& on_event) {
  if (!line_.empty()) {
    const std::string line = std::exchange(line_, {});
    if (auto taken = take_line(line, on_event); !taken) return taken;
  }
  return dispatch(on_event);
}

base::Status SseParser::take_line(std::string_view line, const std::function<base::Status(const SseEvent&)>& on_event) {
  if (std::exchange(at_start_, false) && line.starts_with(kByteOrderMark)) line.remove_prefix(kByteOrderMark.size());
  if (line.empty()) return dispatch(on_event);
  const auto colon = line.find(':');
  if (colon == 0) return {};  // a comment
  if (colon == std::string_view::npos) return take_field(line, "", on_event);
  auto value = line.substr(colon + 1);
  if (value.starts_with(' ')) value.remove_prefix(1);
  return take_field(line.substr(0, colon), value, on_event);
}

// "id" and "retry" are about reconnecting, which nobody does here.
base::Status SseParser::take_field(std::string_view name, std::string_view value,
                                   const std::function<base::Status(const SseEvent&)>& on_event) {
  if (name == "event") {
    type_ = value;
  } else if (name == "data") {
    if (has_whole_event()) {
      if (auto taken = dispatch(on_event); !taken) return taken;
    }
    ++data_lines_;
    if (data_.size() + value.size() > max_event_bytes_) return too_large();
    data_.append(value).append("\n");
  }
  return {};
}

bool SseParser::has_whole_event() const {
  return data_lines_ == 1 && ends_event_ && ends_event_(std::string_view(data_).substr(0, data_.size() - 1));
}

base::Status SseParser::dispatch(const std::function<base::Status(const SseEvent&)>& on_event) {
  const std::string data = std::exchange(data_, {});
  const std::string type = std::exchange(type_, {});
  data_lines_ = 0;
  if (data.empty()) return {};
  const std::string_view text(data);
  return on_event({.type = type.empty() ? std::string_view("message") : std::string_view(type),
                   .data = text.substr(0, text.size() - 1)});
}

}  // namespace chatcore::llm
