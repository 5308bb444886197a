#include "chatcore/retrieval/vector_store.h"

#include <algorithm>
#include <array>
#include <cassert>

namespace chatcore::retrieval {
namespace {

// Sixteen sums that do not wait for each other. A single sum could not be split by the compiler, which must keep the
// order of floating-point additions; these become four SSE registers at -O2.
float dot(const float* a, const float* b, std::size_t count) {
  constexpr std::size_t kLanes = 16;
  std::array<float, kLanes> sums{};
  std::size_t i = 0;
  for (; i + kLanes <= count; i += kLanes) {
    for (std::size_t lane = 0; lane < kLanes; ++lane) sums[lane] += a[i + lane] * b[i + lane];
  }
  float total = 0;
  for (; i < count; ++i) total += a[i] * b[i];
  for (const float sum : sums) total += sum;
  return total;
}

bool is_better(const Match& a, const Match& b) {
  return a.score > b.score || (a.score == b.score && a.chunk < b.chunk);
}

}  // namespace

VectorStore::VectorStore(StoreContents contents) : contents_(std::move(contents)) {
  assert(contents_.vectors.size() == contents_.chunks.size() * contents_.dimensions);
}

std::vector<Match> VectorStore::search(std::span<const float> question, std::size_t top, float threshold) const {
  if (question.size() != contents_.dimensions || top == 0) return {};
  std::vector<Match> best;  // a heap with the worst of the best in front
  best.reserve(std::min(top, size()));
  const float* vector = contents_.vectors.data();
  for (std::size_t chunk = 0; chunk < size(); ++chunk, vector += contents_.dimensions) {
    const Match match{chunk, dot(vector, question.data(), contents_.dimensions)};
    if (!(match.score >= threshold)) continue;  // also refuses NaN
    if (best.size() == top) {
      if (!is_better(match, best.front())) continue;
      std::pop_heap(best.begin(), best.end(), is_better);
      best.back() = match;
    } else {
      best.push_back(match);
    }
    std::push_heap(best.begin(), best.end(), is_better);
  }
  std::sort_heap(best.begin(), best.end(), is_better);
  return best;
}

}  // namespace chatcore::retrieval
