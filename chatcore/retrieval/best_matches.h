#pragma once
// The best of many matches in bounded memory.

#include <algorithm>
#include <cstddef>
#include <utility>
#include <vector>

#include "chatcore/retrieval/vector_store.h"

namespace chatcore::retrieval {

// Best first; of equals the earlier chunk. An object, so that a heap is kept without a call for each comparison.
constexpr auto is_better = [](const Match& a, const Match& b) {
  return a.score > b.score || (a.score == b.score && a.chunk < b.chunk);
};

class BestMatches {
 public:
  // `top` is at least 1. Nothing below `threshold` is kept.
  BestMatches(std::size_t top, float threshold) : top_(top), bar_(threshold) { heap_.reserve(top); }

  // The least score that still counts, for callers that sort out most matches before they call add().
  [[nodiscard]] float bar() const { return bar_; }
  void add(const Match& match) {
    if (!(match.score >= bar_)) return;  // also refuses what is not a number
    if (heap_.size() == top_) {
      if (!is_better(match, heap_.front())) return;
      std::pop_heap(heap_.begin(), heap_.end(), is_better);
      heap_.back() = match;
    } else {
      heap_.push_back(match);
    }
    std::push_heap(heap_.begin(), heap_.end(), is_better);
    if (heap_.size() == top_) bar_ = heap_.front().score;
  }
  [[nodiscard]] std::vector<Match> sorted() && {
    std::sort_heap(heap_.begin(), heap_.end(), is_better);
    return std::move(heap_);
  }
  [[nodiscard]] std::vector<Match> unsorted() && { return std::move(heap_); }

 private:
  const std::size_t top_;
  float bar_;
  std::vector<Match> heap_;  // the worst of the best in front
};

}  // namespace chatcore::retrieval
