#pragma once
// Server-sent events out of a stream of bytes, as the WHATWG specification reads them: lines end with CR, LF or both,
// a byte order mark is skipped, comments too, several data lines make one event, an event without data is none. One
// leniency, on request: some servers end an event with one line end instead of two (`EndsEvent`). Pure;
// split the bytes anywhere, the events are the same. What it holds is bounded by the largest event allowed.

#include <cstddef>
#include <functional>
#include <string>
#include <string_view>
#include <utility>

#include "base/result.h"

namespace chatcore::llm {

struct SseEvent {
  std::string_view type;  // "message" when the stream names none; valid during the call
  std::string_view data;
};

class SseParser {
 public:
  // One event may contain a long whole answer, or an image.
  static constexpr std::size_t kMaxEventBytes = 4u << 20;

  // Whether a data line that another one follows directly is an event by itself. Called for the first line of an event
  // only, so that the time stays linear.
  using EndsEvent = std::function<bool(std::string_view data)>;

  // `max_event_bytes` bounds the data of one event and any single line. Without `ends_event` only a blank line ends an
  // event.
  explicit SseParser(std::size_t max_event_bytes = kMaxEventBytes, EndsEvent ends_event = {})
      : max_event_bytes_(max_event_bytes), ends_event_(std::move(ends_event)) {}

  // Calls `on_event` for each event that `bytes` complete; it returns an error to stop, which is returned. Errors of
  // its own: too_large. After an error nothing more may be fed.
  base::Status feed(std::string_view bytes, const std::function<base::Status(const SseEvent&)>& on_event);
  // Call at the regular end of the stream. An event without its final blank line is delivered, although the
  // specification discards it, since some servers omit that line. Do not call feed() after it. Errors: as feed().
  base::Status finish(const std::function<base::Status(const SseEvent&)>& on_event);
  // Bytes buffered for an incomplete event.
  [[nodiscard]] std::size_t bytes_held() const { return line_.capacity() + data_.capacity(); }

 private:
  base::Status take_line(std::string_view line, const std::function<base::Status(const SseEvent&)>& on_event);
  base::Status take_field(std::string_view name, std::string_view value,
                          const std::function<base::Status(const SseEvent&)>& on_event);
  [[nodiscard]] bool has_whole_event() const;
  base::Status dispatch(const std::function<base::Status(const SseEvent&)>& on_event);

  const std::size_t max_event_bytes_;
  const EndsEvent ends_event_;
  std::string line_;  // the beginning of a line whose end has not come
  std::string data_;  // each of the data lines so far with a line feed
  std::size_t data_lines_ = 0;
  std::string type_;
  bool at_start_ = true;         // nothing but, perhaps, a part of the byte order mark has come
  bool skip_line_feed_ = false;  // the last byte was a carriage return
};

}  // namespace chatcore::llm
