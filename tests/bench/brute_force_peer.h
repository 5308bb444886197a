#pragma once
// hnswlib's brute force, compiled for this very machine, to compare exact search with.

#include <cstddef>
#include <memory>
#include <span>

class BruteForcePeer {
 public:
  // Copies `vectors`, one after the other, `dimensions` numbers each.
  BruteForcePeer(std::span<const float> vectors, std::size_t dimensions);
  ~BruteForcePeer();
  // Returns the sum of the places of the `top` best, so that no compiler leaves the work out.
  std::size_t search(std::span<const float> question, std::size_t top);

 private:
  struct Impl;
  std::unique_ptr<Impl> impl_;
};
