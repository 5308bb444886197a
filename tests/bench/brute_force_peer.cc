#include "tests/bench/brute_force_peer.h"

#include <hnswlib/hnswlib.h>

struct BruteForcePeer::Impl {
  Impl(std::size_t dimensions, std::size_t count) : space(dimensions), index(&space, count) {}
  hnswlib::InnerProductSpace space;
  hnswlib::BruteforceSearch<float> index;
};

BruteForcePeer::BruteForcePeer(std::span<const float> vectors, std::size_t dimensions)
    : impl_(std::make_unique<Impl>(dimensions, vectors.size() / dimensions)) {
  for (std::size_t row = 0; row * dimensions < vectors.size(); ++row) {
    impl_->index.addPoint(vectors.data() + row * dimensions, row);
  }
}

BruteForcePeer::~BruteForcePeer() = default;

std::size_t BruteForcePeer::search(std::span<const float> question, std::size_t top) {
  auto found = impl_->index.searchKnn(question.data(), top);
  std::size_t sum = 0;
  for (; !found.empty(); found.pop()) sum += found.top().second;
  return sum;
}
