// Whatever the event stream holds: an event is about one container, has a kind and a time, or is refused as corrupt; an
// error answer becomes a short message.

#include "../fuzz.h"
#include "guard/source/docker/parser.h"
#include "guard/source/docker/time.h"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace guard::source;
  const auto text = fuzz::text_of(data, size);
  fuzz::require(parse_error_message(text).size() <= (64u << 10), "a message is bounded");
  (void)tells_of_podman(text);
  if (const auto time = parse_engine_time(text))
    fuzz::require(!format_engine_since(*time).empty(), "a time can be asked for");
  const auto event = parse_event(text);
  if (!event) {
    fuzz::require(event.error().code == base::Code::corrupt, "a refusal says corrupt");
    return 0;
  }
  if (!*event) return 0;
  fuzz::require((*event)->container_id.size() == 64, "an event is about one container");
  fuzz::require((*event)->at.time_since_epoch().count() > 0, "an event has a time");
  fuzz::require(!(*event)->exit_code || *(*event)->exit_code >= 0, "an exit code is not negative");
  return 0;
}
