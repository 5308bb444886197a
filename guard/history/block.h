#pragma once
// A block of consecutive ticks in columns: for each section (a workload, one of its logs, the host) one column per
// field. A block is one row of the database. It does not know what its fields mean (fields.h). Private to this folder.

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

// Stored in the database: never change a number, add new ones at the end.
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

// The columns of one section, by field.
using Section = std::map<unsigned, Column>;
using Sections = std::map<SectionKey, Section>;

class Block {
 public:
  static constexpr std::size_t kMostTicks = 4096;
  static constexpr std::size_t kMostTextBytes = 512;  // longer texts are cut
  // Maximum number of cells (8 bytes each) that decode() creates: many times what Recording writes.
  static constexpr std::size_t kMostCells = 8 << 20;

  // Starts a new tick and returns its number.
  std::size_t begin_tick() { return ticks_++; }
  [[nodiscard]] std::size_t ticks() const { return ticks_; }
  [[nodiscard]] bool empty() const { return ticks_ == 0; }

  [[nodiscard]] Sections& sections() { return sections_; }
  [[nodiscard]] const Sections& sections() const { return sections_; }
  // Texts are stored once; a column has their numbers.
  std::int64_t number_of(std::string_view text);
  [[nodiscard]] const std::string& text_of(std::int64_t number) const;  // "" for an unknown number

  [[nodiscard]] std::string encode() const;
  // Nothing when it is not a block, exceeds kMostCells, or has an unknown format. Unknown columns and sections are
  // kept, since a later version may have added them.
  static std::optional<Block> decode(std::string_view form);

 private:
  std::size_t ticks_ = 0;
  Sections sections_;
  std::vector<std::string> texts_;
  std::map<std::string, std::int64_t, std::less<>> numbers_;  // of texts, while the block is written
};

}  // namespace guard::history
