#include "guard/history/block.h"

#include <gtest/gtest.h>

namespace guard::history {
namespace {

// The form of a block of 4096 ticks with `sections` sections of as many columns each, of a few bytes a column.
// `field_step` 0: the columns are all of one field.
std::string form_of(std::size_t sections, std::size_t columns, unsigned field_step, std::size_t name_bytes = 1) {
  std::string form;
  put_number(form, 1);
  put_number(form, Block::kMostTicks);
  put_number(form, sections);
  for (std::size_t i = 0; i < sections; ++i) put_text(form, std::string(name_bytes - 1, 'n') + static_cast<char>(i));
  for (std::size_t i = 0; i < sections; ++i) {
    put_number(form, static_cast<std::uint64_t>(Part::workload));
    for (const std::size_t name : {i + 1, std::size_t(0), std::size_t(0)}) put_number(form, name);
    std::string body;
    for (std::size_t column = 0; column < columns; ++column) {
      put_number(body, 1000 + column * field_step);
      body += std::string(2, '\0');  // constant, of 0
    }
    put_text(form, body);
  }
  return form;
}

TEST(Block, OfManyColumnsIsDecoded) {
  const auto block = Block::decode(form_of(4, 511, 1));
  ASSERT_TRUE(block);
  ASSERT_EQ(block->sections().size(), 4u);
  EXPECT_EQ(block->sections().begin()->second.size(), 511u);
}

TEST(Block, ThatUnfoldsToMoreThanAnyRecordingHasIsNone) {
  EXPECT_FALSE(Block::decode(form_of(1, 2048, 1))) << "fields that are not known";
  EXPECT_FALSE(Block::decode(form_of(3, 1000, 1))) << "of all sections together";
}

TEST(Block, CountsColumnsThatItDoesNotKeep) {
  EXPECT_TRUE(Block::decode(form_of(1, 2047, 0)));
  EXPECT_FALSE(Block::decode(form_of(1, 2048, 0)));
}

TEST(Block, CountsTheNamesOfSections) {
  EXPECT_TRUE(Block::decode(form_of(7, 0, 0, 1 << 20)));
  EXPECT_FALSE(Block::decode(form_of(9, 0, 0, 1 << 20)));
}

}  // namespace
}  // namespace guard::history
