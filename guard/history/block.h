#pragma once
// A stretch of ticks as columns: for each thing that was seen (a workload, one of its logs, the host) one column a
// measure. A block is what the database keeps as one row. It knows nothing of what its fields mean; fields.h does.
// Only for this folder.

#include <array>
#include <compare>
#include <cstddef>
#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "guard/history/column.h"

namespace guard::history {

// The numbers stand in the database: never change one, add at the end.
enum class Part : unsigned {
  tick = 0,      // when
  host = 1,      //
  disk = 2,      // of the host, by mount
  source = 3,    // by name
  workload = 4,  // by name
  summary = 5,   // by workload
  log = 6,       // by workload and name
  capture = 7,   // by workload, log and name
  probe = 8,     // by workload and name
};
constexpr unsigned kParts = 9;

struct SectionKey {
  Part part = Part::tick;
  std::array<std::string, 3> names = {};
  friend auto operator<=>(const SectionKey&, const SectionKey&) = default;
};

// One thing's columns, by field.
using Section = std::map<unsigned, Column>;
using Sections = std::map<SectionKey, Section>;

class Block {
 public:
  static constexpr std::size_t kMostTicks = 4096;
  static constexpr std::size_t kMostTextBytes = 512;  // longer ones are cut
  // Ticks of all columns together, of 8 bytes each, that decode() makes: many times what Recording puts into one.
  static constexpr std::size_t kMostCells = 8 << 20;

  // What is put from now on is of a new tick, whose number this is.
  std::size_t begin_tick() { return ticks_++; }
  [[nodiscard]] std::size_t ticks() const { return ticks_; }
  [[nodiscard]] bool empty() const { return ticks_ == 0; }

  [[nodiscard]] Sections& sections() { return sections_; }
  [[nodiscard]] const Sections& sections() const { return sections_; }
  // Texts are kept once each; a column holds their numbers.
  std::int64_t number_of(std::string_view text);
  [[nodiscard]] const std::string& text_of(std::int64_t number) const;  // "" when there is none of that number

  [[nodiscard]] std::string encode() const;
  // Nothing when it is no block, unfolds to more than kMostCells, or is of a form that this version does not know.
  // Columns and sections that are not known are kept: a later version may have added them.
  static std::optional<Block> decode(std::string_view form);

 private:
  std::size_t ticks_ = 0;
  Sections sections_;
  std::vector<std::string> texts_;
  std::map<std::string, std::int64_t, std::less<>> numbers_;  // of texts, while the block is filled
};

}  // namespace guard::history
