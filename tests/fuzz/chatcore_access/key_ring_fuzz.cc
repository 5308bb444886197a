// Keys files: whatever stands in one, every user has a name, and an error never tells what a line holds.

#include <string>

#include "../fuzz.h"
#include "chatcore/access/key_ring.h"
#include "chatcore/access/user_name.h"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using chatcore::access::KeyRing;
  const auto text = fuzz::text_of(data, size);
  const auto ring = KeyRing::parse(text, "keys");
  if (!ring) {
    fuzz::require(!ring.error().message.empty(), "an error says something");
    return 0;
  }
  fuzz::require(ring->size() > 0, "a ring holds a key");
  fuzz::require(!ring->user_of(""), "nobody has the empty key");
  // A line's own secret finds a user, unless a digest stands for it.
  const auto line = text.substr(0, text.find('\n'));
  if (const auto* user = ring->user_of(line.substr(line.find(':') + 1))) {
    fuzz::require(chatcore::access::is_user_name(*user), "a user has a name");
  }
  return 0;
}
