#include "chatcore/storage/revision.h"

#include <limits>
#include <random>

namespace chatcore::storage {
namespace {

// More than are removed during one answer, and so few that a new revision is among them once in four billion times.
constexpr std::int64_t kMostRemovals = std::int64_t{1} << 20;

}  // namespace

Revisions revisions_for(const Append& what) {
  if (what.revision == 0) return {.first = 0, .last = std::numeric_limits<std::int64_t>::max()};
  return {.first = what.revision, .last = what.revision + (what.may_have_lost_messages ? kMostRemovals : 0)};
}

std::int64_t new_revision() {
  thread_local std::mt19937_64 random = [] {
    std::random_device device;
    std::seed_seq seed{device(), device(), device(), device()};
    return std::mt19937_64(seed);
  }();
  return static_cast<std::int64_t>(random() >> 12U) + 2;
}

}  // namespace chatcore::storage
