#include "guard/history/column.h"

#include <limits>
#include <random>

#include <gtest/gtest.h>

namespace guard::history {
namespace {

using Values = std::vector<std::optional<std::int64_t>>;

constexpr std::int64_t kLeast = std::numeric_limits<std::int64_t>::min();
constexpr std::int64_t kMost = std::numeric_limits<std::int64_t>::max();

std::string encoded(const Values& values) {
  Column column;
  for (std::size_t i = 0; i < values.size(); ++i)
    if (values[i]) column.put(i, *values[i]);
  std::string form;
  column.encode(values.size(), form);
  return form;
}

Values decoded(const std::string& form, std::size_t ticks) {
  Pieces in(form);
  const auto column = Column::decode(ticks, in);
  Values values;
  if (!column || !in.rest().empty()) return values;
  for (std::size_t i = 0; i < ticks; ++i) values.push_back(column->at(i));
  return values;
}

void expect_exact(const Values& values) { EXPECT_EQ(decoded(encoded(values), values.size()), values); }

TEST(Column, ComesBackAsItWas) {
  expect_exact({5});
  expect_exact({0, 0, 0});
  expect_exact({1, 2, 3, 5, 8, 13, -21});
  expect_exact({4096, 8192, 4096, 0});
}

TEST(Column, KeepsWhatIsAbsentAbsent) {
  expect_exact({std::nullopt, 5, std::nullopt, std::nullopt, 6});
  expect_exact({5, std::nullopt});
  expect_exact({std::nullopt, std::nullopt, 0});
}

TEST(Column, HoldsTheExtremesSideBySide) {
  expect_exact({kMost, kLeast, kMost, 0, kLeast, -1, kMost});
  expect_exact({kLeast, 0});
  expect_exact({0, kLeast, 0, kLeast});
}

TEST(Column, ComesBackWhateverItHolds) {
  std::mt19937_64 random(1);
  for (int run = 0; run < 500; ++run) {
    Values values;
    const auto width = random() % 64;
    const auto count = 1 + random() % 130;
    for (std::uint64_t i = 0; i < count; ++i) {
      const auto value = static_cast<std::int64_t>(random()) >> width;
      values.push_back(random() % 8 == 0 && i > 0 ? std::nullopt : std::optional(value));
    }
    expect_exact(values);
  }
}

TEST(Column, ThatNeverChangesCostsItsOneNumber) { EXPECT_EQ(encoded(Values(1000, 7)).size(), 2u); }

TEST(Column, ThatGrowsEvenlyCostsABitATick) {
  Values values;
  for (int i = 0; i < 800; ++i) values.push_back(1'000'000'000LL * i);
  EXPECT_LE(encoded(values).size(), 800u / 8 + 16);
}

TEST(Column, OfPagesDoesNotPayForTheBitsBelow) {
  std::mt19937_64 random(2);
  Values pages, bytes;
  for (int i = 0; i < 600; ++i) {
    pages.push_back(static_cast<std::int64_t>(random() % 256));
    bytes.push_back(*pages.back() * 4096);
  }
  EXPECT_LE(encoded(bytes).size(), encoded(pages).size() + 8);
}

TEST(Column, IsRefusedWhereItIsCutOff) {
  const std::string form = encoded({1, 20, std::nullopt, 300, 4000, 50000});
  for (std::size_t size = 0; size < form.size(); ++size) EXPECT_TRUE(decoded(form.substr(0, size), 6).empty()) << size;
}

TEST(Rice, CodesAreAsLongAsSaid) {
  for (const std::uint64_t value : {std::uint64_t{0}, std::uint64_t{1}, std::uint64_t{77}, ~std::uint64_t{0}}) {
    for (unsigned k = 0; k < 64; k += 7) {
      std::string form;
      BitWriter writer(form);
      writer.rice(value, k);
      writer.finish();
      EXPECT_EQ(form.size(), (rice_bits(value, k) + 7) / 8) << value << ' ' << k;
      EXPECT_EQ(BitReader(form).rice(k), value);
    }
  }
}

}  // namespace
}  // namespace guard::history
