#pragma once
// The arithmetic of exact search: a question's products with many rows, in the widest registers that this machine has
// (AVX-512, AVX2, or what every machine has), chosen when the program runs. Pure.
//
// Besides 32-bit floats a row has a code of one byte a number: the row is turned into a basis in which no number stands
// out, then code = 128 + round(number / scale), scale such that the largest number of the row just fits. A product of
// codes ranks rows nearly as the exact one does at a quarter of the memory traffic, which is what a search of a large
// store waits for. Codes are unsigned and the question's are signed because that is the pair that one VNNI instruction
// multiplies and sums, four at a time.

#include <cstddef>
#include <cstdint>
#include <span>
#include <string_view>
#include <vector>

namespace chatcore::retrieval {

struct CodedQuestion {
  std::vector<std::int8_t> codes;  // as long as a row's code
  std::vector<std::int16_t> wide;  // the same, for registers that multiply 16 bits
  std::int32_t offset = 0;         // 128 × the sum of the codes, which every product has too much
  float scale = 0;
};

// `codes` has a multiple of 64 places, at least as many as there are numbers. Returns the scale.
float encode_row(std::span<const float> numbers, std::span<std::uint8_t> codes);
CodedQuestion encode_question(std::span<const float> numbers, std::size_t stride);
// A row as the question that its products with other rows are of.
CodedQuestion question_of_row(std::span<const std::uint8_t> codes, float scale);

struct Kernels {
  std::string_view name;
  // products[i] = row i × question, for `count` rows of `dimensions` numbers one after the other.
  void (*multiply)(const float* rows, std::size_t count, std::size_t dimensions, const float* question,
                   float* products);
  // The same for rows of codes, in steps: times both scales it is the product. `stride` is a multiple of 64.
  void (*multiply_codes)(const std::uint8_t* rows, std::size_t count, std::size_t stride, const CodedQuestion& question,
                         std::int32_t* products);
};

// What this machine does best; and all that it can do, best first, for tests and benches.
const Kernels& best_kernels();
std::span<const Kernels> usable_kernels();

}  // namespace chatcore::retrieval
