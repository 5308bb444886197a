#include "chatcore/retrieval/scan.h"

#include <cmath>
#include <limits>
#include <random>

#include <gtest/gtest.h>

namespace chatcore::retrieval {
namespace {

std::vector<float> random_numbers(std::mt19937& random, std::size_t count) {
  std::normal_distribution<float> number;
  std::vector<float> numbers(count);
  for (float& one : numbers) one = number(random);
  return numbers;
}

// Lengths around those of all registers, and rows enough to meet every alignment.
constexpr std::size_t kLengths[] = {1, 3, 15, 16, 17, 31, 32, 33, 63, 64, 65, 127, 383, 384, 385, 1536};
constexpr std::size_t kRows = 7;

TEST(Scan, MultipliesAlikeOnEveryMachine) {
  std::mt19937 random(1);
  for (const std::size_t length : kLengths) {
    const auto rows = random_numbers(random, kRows * length);
    const auto question = random_numbers(random, length);
    for (const Kernels& kernels : usable_kernels()) {
      std::vector<float> products(kRows);
      kernels.multiply(rows.data(), kRows, length, question.data(), products.data());
      for (std::size_t row = 0; row < kRows; ++row) {
        double expected = 0;
        for (std::size_t i = 0; i < length; ++i) expected += double{rows[row * length + i]} * double{question[i]};
        EXPECT_NEAR(products[row], expected, 1e-3) << kernels.name << ", " << length << " numbers";
      }
    }
  }
}

TEST(Scan, MultipliesCodesExactlyOnEveryMachine) {
  std::mt19937 random(2);
  for (const std::size_t stride : {64U, 128U, 384U, 1536U}) {
    std::vector<std::uint8_t> rows;
    for (std::size_t i = 0; i < kRows * stride; ++i) rows.push_back(static_cast<std::uint8_t>(random() % 256));
    std::fill_n(rows.begin(), stride, std::uint8_t{255});  // the most that fits
    const auto question = encode_question(random_numbers(random, stride), stride);
    for (const Kernels& kernels : usable_kernels()) {
      std::vector<std::int32_t> products(kRows);
      kernels.multiply_codes(rows.data(), kRows, stride, question, products.data());
      for (std::size_t row = 0; row < kRows; ++row) {
        std::int32_t expected = 0;
        for (std::size_t i = 0; i < stride; ++i) expected += (rows[row * stride + i] - 128) * question.codes[i];
        EXPECT_EQ(products[row], expected) << kernels.name << ", " << stride << " codes";
      }
    }
  }
}

TEST(Scan, ReadsEveryRowOnceHoweverManyThereAre) {
  constexpr std::size_t kLength = 64;
  const std::vector<float> ones(kLength, 1.0F);
  std::vector<float> rows;
  for (std::size_t row = 0; row < kRows; ++row) rows.insert(rows.end(), kLength, static_cast<float>(row + 1));
  for (const Kernels& kernels : usable_kernels()) {
    for (std::size_t count = 0; count <= kRows; ++count) {
      std::vector<float> products(kRows + 1, -1.0F);
      kernels.multiply(rows.data(), count, kLength, ones.data(), products.data());
      for (std::size_t row = 0; row <= kRows; ++row) {
        EXPECT_EQ(products[row], row < count ? static_cast<float>(kLength * (row + 1)) : -1.0F) << kernels.name;
      }
    }
  }
}

// A step is the largest number's 127th part at most, and the errors of many numbers cancel each other.
TEST(Scan, ProductsOfCodesComeNearTheExactOnes) {
  std::mt19937 random(3);
  for (const std::size_t length : {2U, 37U, 384U, 1000U}) {
    const std::size_t stride = (length + 63) / 64 * 64;
    auto row = random_numbers(random, length);
    const auto question = random_numbers(random, length);
    row[0] = 10;  // stands out, as in vectors of hashed words
    std::vector<std::uint8_t> codes(stride);
    const float scale = encode_row(row, codes);
    const auto coded = encode_question(question, stride);
    double exact = 0;
    std::int32_t product = 0;
    best_kernels().multiply_codes(codes.data(), 1, stride, coded, &product);
    double row_square = 0;
    double question_square = 0;
    for (std::size_t i = 0; i < length; ++i) {
      exact += double{row[i]} * double{question[i]};
      row_square += double{row[i]} * double{row[i]};
      question_square += double{question[i]} * double{question[i]};
    }
    const double lengths = std::sqrt(row_square * question_square);
    EXPECT_NEAR(double{scale} * double{coded.scale} * product, exact, 0.01 * lengths) << length << " numbers";
  }
}

TEST(Scan, CodesNothingAtAllAndWhatIsNoNumberAsZero) {
  std::vector<std::uint8_t> codes(64);
  EXPECT_EQ(encode_row(std::vector<float>{0, 0}, codes), 0);
  EXPECT_EQ(codes, std::vector<std::uint8_t>(64, 128));
  constexpr float kInfinity = std::numeric_limits<float>::infinity();
  EXPECT_EQ(encode_row(std::vector<float>{kInfinity, 1, -kInfinity}, codes), 0);
  EXPECT_EQ(codes, std::vector<std::uint8_t>(64, 128));
}

}  // namespace
}  // namespace chatcore::retrieval
