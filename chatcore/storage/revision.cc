#include "chatcore/storage/revision.h"

#include <random>

namespace chatcore::storage {

std::int64_t new_revision() {
  thread_local std::mt19937_64 random = [] {
    std::random_device device;
    std::seed_seq seed{device(), device(), device(), device()};
    return std::mt19937_64(seed);
  }();
  return static_cast<std::int64_t>(random() >> 12U) + 2;
}

}  // namespace chatcore::storage
