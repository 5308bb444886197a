#pragma once
// One field over the ticks of a block, compressed: a constant costs one number, even growth next to nothing, noise
// about its entropy. Signed 64-bit numbers and absent values are restored exactly. Private to this folder.

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "guard/history/bits.h"

namespace guard::history {

class Column {
 public:
  // `tick` is at or after the last one put.
  void put(std::size_t tick, std::int64_t value);
  [[nodiscard]] std::optional<std::int64_t> at(std::size_t tick) const;
  [[nodiscard]] std::size_t ticks() const { return values_.size(); }  // up to the last value's

  // Appends the form of the first `ticks` ticks; there is at least one value.
  void encode(std::size_t ticks, std::string& out) const;
  // Nothing when it is not the form of a column of so many ticks.
  static std::optional<Column> decode(std::size_t ticks, Pieces& in);

 private:
  std::vector<std::int64_t> values_;
  std::vector<bool> present_;
};

}  // namespace guard::history
