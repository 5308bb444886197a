// Whatever a backend sends, in pieces of whatever size: the same events, each within its bound.

#include <string>
#include <vector>

#include "../fuzz.h"
#include "chatcore/llm/sse_parser.h"

namespace {

constexpr std::size_t kMaxEventBytes = 64;

struct Parsed {
  std::vector<std::string> events;
  bool refused = false;
};

Parsed parse(std::string_view bytes, std::size_t piece) {
  chatcore::llm::SseParser parser(kMaxEventBytes);
  Parsed parsed;
  for (; !bytes.empty() && !parsed.refused; bytes.remove_prefix(std::min(piece, bytes.size()))) {
    const auto fed = parser.feed(bytes.substr(0, piece), [&](const chatcore::llm::SseEvent& event) -> base::Status {
      fuzz::require(event.data.size() <= kMaxEventBytes + 1, "an event is within its bound");
      fuzz::require(event.data.find('\r') == std::string_view::npos, "no line end within a line");
      parsed.events.push_back(std::string(event.type) + "\n" + std::string(event.data));
      return {};
    });
    parsed.refused = !fed;
  }
  return parsed;
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  if (size == 0) return 0;
  const auto bytes = fuzz::text_of(data, size).substr(1);
  const auto whole = parse(bytes, bytes.size() + 1);
  const auto split = parse(bytes, 1 + data[0] % 7U);
  fuzz::require(whole.events == split.events && whole.refused == split.refused, "a split changes nothing");
  return 0;
}
