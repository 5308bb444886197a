#include "chatcore/api/random_id.h"

#include <array>
#include <cstdlib>

#include <sys/random.h>

namespace chatcore::api {

std::string random_id(std::string_view prefix) {
  std::array<unsigned char, 16> bytes{};
  // Up to 256 bytes are never cut short once the kernel's pool is ready, and before that the call waits for it.
  if (getrandom(bytes.data(), bytes.size(), 0) != static_cast<ssize_t>(bytes.size())) std::abort();
  std::string id(prefix);
  for (const unsigned char byte : bytes) {
    constexpr std::string_view kDigits = "0123456789abcdef";
    id += kDigits[byte >> 4U];
    id += kDigits[byte & 15U];
  }
  return id;
}

}  // namespace chatcore::api
