#pragma once
// A value that was read, or the reason why it was not. Missing is not zero: arithmetic on an absent reading does not
// compile, so every use has to check first. The default is absent.

#include <optional>
#include <string>
#include <utility>

namespace guard::sample {

template <class T>
class Reading {
 public:
  Reading() = default;
  Reading(T value) : value_(std::move(value)) {}
  static Reading absent(std::string reason) {
    Reading reading;
    reading.reason_ = std::move(reason);
    return reading;
  }

  [[nodiscard]] bool has_value() const { return value_.has_value(); }
  explicit operator bool() const { return has_value(); }
  const T& operator*() const { return *value_; }
  const T* operator->() const { return &*value_; }
  [[nodiscard]] T value_or(T fallback) const { return value_.value_or(std::move(fallback)); }
  // Why there is no value; "" when there is one, "not read" when it was never attempted.
  [[nodiscard]] std::string reason() const {
    if (has_value()) return {};
    return reason_.empty() ? "not read" : reason_;
  }
  friend bool operator==(const Reading&, const Reading&) = default;

 private:
  std::optional<T> value_;
  std::string reason_;
};

}  // namespace guard::sample
