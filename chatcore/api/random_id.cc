#include "chatcore/api/random_id.h"

#include <array>
#include <cstdlib>

#include <sys/random.h>

namespace chatcore::api {

namespace {

constexpr std::size_t kIdBytes = 16;

// The kernel is asked for sixteen names at a time: every request takes one, and a call into the kernel costs more
// than all the rest of it.
class Pool {
 public:
  const unsigned char* take() {
    if (next_ == bytes_.size()) refill();
    next_ += kIdBytes;
    return bytes_.data() + next_ - kIdBytes;
  }

 private:
  void refill() {
    // Up to 256 bytes are never cut short once the kernel's pool is ready, and before that the call waits for it.
    if (getrandom(bytes_.data(), bytes_.size(), 0) != static_cast<ssize_t>(bytes_.size())) std::abort();
    next_ = 0;
  }

  std::array<unsigned char, 16 * kIdBytes> bytes_{};
  std::size_t next_ = bytes_.size();
};

}  // namespace

std::string random_id(std::string_view prefix) {
  constexpr std::string_view kDigits = "0123456789abcdef";
  thread_local Pool pool;
  const unsigned char* bytes = pool.take();
  std::string id(prefix);
  for (std::size_t i = 0; i < kIdBytes; ++i) {
    id += kDigits[bytes[i] >> 4U];
    id += kDigits[bytes[i] & 15U];
  }
  return id;
}

}  // namespace chatcore::api
