#include "chatcore/retrieval/checksum.h"

#include <string>
#include <string_view>

#include <gtest/gtest.h>

namespace chatcore::retrieval {
namespace {

std::uint32_t sum_of(std::string_view text) { return crc32(0, text.data(), text.size()); }

// The check value every description of this CRC names.
TEST(Crc32, IsTheOneOfZlib) {
  EXPECT_EQ(sum_of("123456789"), 0xCBF43926U);
  EXPECT_EQ(sum_of(""), 0U);
  EXPECT_EQ(sum_of("The quick brown fox jumps over the lazy dog"), 0x414FA339U);
}

TEST(Crc32, IsTheSameInPieces) {
  const std::string_view text = "The quick brown fox jumps over the lazy dog";
  for (std::size_t cut = 0; cut <= text.size(); ++cut) {
    const std::uint32_t first = crc32(0, text.data(), cut);
    EXPECT_EQ(crc32(first, text.data() + cut, text.size() - cut), sum_of(text)) << cut;
  }
}

TEST(Crc32, NoticesEveryFlippedBit) {
  std::string text = "The quick brown fox jumps";
  const std::uint32_t sum = sum_of(text);
  for (std::size_t bit = 0; bit < text.size() * 8; ++bit) {
    text[bit / 8] = static_cast<char>(text[bit / 8] ^ (1 << (bit % 8)));
    EXPECT_NE(sum_of(text), sum) << bit;
    text[bit / 8] = static_cast<char>(text[bit / 8] ^ (1 << (bit % 8)));
  }
}

}  // namespace
}  // namespace chatcore::retrieval
