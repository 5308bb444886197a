#pragma once
// How long to wait before the next try: doubles from `first` to `most`, each shortened by up to a quarter at random,
// so that several dependents of one engine do not come back in step.

#include <algorithm>
#include <chrono>
#include <random>

namespace guard::source {

class EngineRetry {
 public:
  EngineRetry(std::chrono::milliseconds first, std::chrono::milliseconds most)
      : first_(std::max(first, std::chrono::milliseconds(1))), most_(std::max(most, first_)), next_(first_) {}

  // After a failure: how long to wait now.
  [[nodiscard]] std::chrono::milliseconds failed() {
    const auto whole = next_;
    next_ = std::min(next_ * 2, most_);
    return whole - std::chrono::milliseconds(std::uniform_int_distribution<long>(0, whole.count() / 4)(random_));
  }
  void succeeded() { next_ = first_; }

 private:
  std::chrono::milliseconds first_;
  std::chrono::milliseconds most_;
  std::chrono::milliseconds next_;
  std::minstd_rand random_{std::random_device{}()};
};

}  // namespace guard::source
