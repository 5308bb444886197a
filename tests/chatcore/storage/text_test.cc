#include "chatcore/storage/text.h"

#include <gtest/gtest.h>

namespace chatcore::storage {
namespace {

std::string storable(std::string_view text) {
  std::string scratch;
  return std::string(storable_text(text, scratch));
}

TEST(StorableText, IsTheTextItselfWhenThatCanBeKept) {
  std::string scratch;
  const std::string_view text = "s\xd8\xb3\xf0\x9f\x98\x80\x01\n";
  EXPECT_EQ(storable_text(text, scratch).data(), text.data());
  EXPECT_TRUE(scratch.empty());
}

TEST(StorableText, ReplacesNulAndBadBytes) {
  EXPECT_EQ(storable(std::string_view("a\0b", 3)),
            "a\xef\xbf\xbd"
            "b");
  EXPECT_EQ(storable("cut \xd8"), "cut \xef\xbf\xbd");
  EXPECT_EQ(storable("\xff\xfe"), "\xef\xbf\xbd\xef\xbf\xbd");
  EXPECT_EQ(storable("\xc0\x80"), "\xef\xbf\xbd\xef\xbf\xbd");
}

}  // namespace
}  // namespace chatcore::storage
