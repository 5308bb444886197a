#include "chatcore/retrieval/scan.h"

#include <algorithm>
#include <array>
#include <cmath>

#if defined(__x86_64__)
#include <immintrin.h>
#endif

namespace chatcore::retrieval {
namespace {

constexpr float kSteps = 127;
constexpr std::uint8_t kZeroCode = 128;

float largest_of(std::span<const float> numbers) {
  float largest = 0;
  for (const float number : numbers) largest = std::max(largest, std::fabs(number));
  return largest;
}

// Not a number and infinity become 0: such a row is told by its exact product, which no threshold lets pass.
int step_of(float number, float scale) {
  const float step = scale > 0 ? number / scale : 0;
  if (!std::isfinite(step)) return 0;
  return static_cast<int>(std::lround(std::clamp(step, -kSteps, kSteps)));  // the largest may come out just above
}

// Turns the vector into a basis in which no number stands out, so that the codes' few steps are well used: signs that
// look random, then a Walsh-Hadamard transform over blocks of the largest power of two that divides `size`. Both keep
// lengths and products as they are. Vectors of hashed words have some large numbers and many small ones: without this
// a hundred of their codes' best may miss one of the five best.
std::vector<float> spread_out(std::span<const float> numbers, std::size_t size) {
  std::vector<float> spread(size, 0.0F);
  for (std::size_t i = 0; i < numbers.size(); ++i) {
    const bool flipped = ((i * 0x9E3779B97F4A7C15ULL) >> 63) != 0;
    spread[i] = flipped ? -numbers[i] : numbers[i];
  }
  const std::size_t block = size & (~size + 1);
  for (std::size_t half = 1; half < block; half *= 2) {
    for (std::size_t i = 0; i < size; ++i) {
      if ((i & half) != 0) continue;
      const float a = spread[i];
      const float b = spread[i + half];
      spread[i] = a + b;
      spread[i + half] = a - b;
    }
  }
  const float shrink = 1 / std::sqrt(static_cast<float>(block));
  for (float& number : spread) number *= shrink;
  return spread;
}

// Sixteen sums that do not wait for each other. A single sum could not be split by the compiler, which must keep the
// order of floating-point additions; these become four SSE registers at -O2.
void multiply_anywhere(const float* rows, std::size_t count, std::size_t dimensions, const float* question,
                       float* products) {
  constexpr std::size_t kLanes = 16;
  for (std::size_t row = 0; row < count; ++row, rows += dimensions) {
    std::array<float, kLanes> sums{};
    std::size_t i = 0;
    for (; i + kLanes <= dimensions; i += kLanes) {
      for (std::size_t context = 0; context < kLanes; ++context)
        sums[context] += rows[i + context] * question[i + context];
    }
    float total = 0;
    for (; i < dimensions; ++i) total += rows[i] * question[i];
    for (const float sum : sums) total += sum;
    products[row] = total;
  }
}

void multiply_codes_anywhere(const std::uint8_t* rows, std::size_t count, std::size_t stride,
                             const CodedQuestion& question, std::int32_t* products) {
  for (std::size_t row = 0; row < count; ++row, rows += stride) {
    std::int32_t sum = 0;
    for (std::size_t i = 0; i < stride; ++i) sum += std::int32_t{rows[i]} * question.wide[i];
    products[row] = sum - question.offset;
  }
}

#if defined(__x86_64__)

#if defined(__GNUC__) && !defined(__clang__)
// GCC 12 takes the register that its own header leaves undefined on purpose for a mistake (its bug 105593).
#pragma GCC diagnostic ignored "-Wmaybe-uninitialized"
#endif

// The n-th row to read of `count`: in turns one of the first half and one of the second. The hardware foresees nothing
// beyond the end of a page of 4 KiB; while it waits there in one half, it still reads in the other. Where the pages of
// a file lie scattered in memory that is a tenth quicker. (Asking for rows ahead of time made it a quarter slower.)
std::size_t in_turns(std::size_t n, std::size_t count) { return n / 2 + (n % 2) * ((count + 1) / 2); }

__attribute__((target("avx2,fma"))) float sum_of(__m256 a) {
  const __m128 four = _mm_add_ps(_mm256_castps256_ps128(a), _mm256_extractf128_ps(a, 1));
  const __m128 two = _mm_add_ps(four, _mm_movehl_ps(four, four));
  return _mm_cvtss_f32(_mm_add_ss(two, _mm_shuffle_ps(two, two, 1)));
}

__attribute__((target("avx2,fma"))) void multiply_avx2(const float* rows, std::size_t count, std::size_t dimensions,
                                                       const float* question, float* products) {
  for (std::size_t n = 0; n < count; ++n) {
    const std::size_t at = in_turns(n, count);
    const float* row = rows + at * dimensions;
    __m256 a = _mm256_setzero_ps();
    __m256 b = a;
    __m256 c = a;
    __m256 d = a;
    std::size_t i = 0;
    for (; i + 32 <= dimensions; i += 32) {
      a = _mm256_fmadd_ps(_mm256_loadu_ps(row + i), _mm256_loadu_ps(question + i), a);
      b = _mm256_fmadd_ps(_mm256_loadu_ps(row + i + 8), _mm256_loadu_ps(question + i + 8), b);
      c = _mm256_fmadd_ps(_mm256_loadu_ps(row + i + 16), _mm256_loadu_ps(question + i + 16), c);
      d = _mm256_fmadd_ps(_mm256_loadu_ps(row + i + 24), _mm256_loadu_ps(question + i + 24), d);
    }
    float total = sum_of(_mm256_add_ps(_mm256_add_ps(a, b), _mm256_add_ps(c, d)));
    for (; i < dimensions; ++i) total += row[i] * question[i];
    products[at] = total;
  }
}

__attribute__((target("avx2,fma"))) __m256i load_row(const std::uint8_t* from) {
  return _mm256_cvtepu8_epi16(_mm_loadu_si128(reinterpret_cast<const __m128i*>(from)));
}

__attribute__((target("avx2,fma"))) __m256i load_question(const std::int16_t* from) {
  return _mm256_loadu_si256(reinterpret_cast<const __m256i*>(from));
}

__attribute__((target("avx2,fma"))) void multiply_codes_avx2(const std::uint8_t* rows, std::size_t count,
                                                             std::size_t stride, const CodedQuestion& question,
                                                             std::int32_t* products) {
  const std::int16_t* wide = question.wide.data();
  for (std::size_t n = 0; n < count; ++n) {
    const std::size_t at = in_turns(n, count);
    const std::uint8_t* row = rows + at * stride;
    __m256i a = _mm256_setzero_si256();
    __m256i b = a;
    for (std::size_t i = 0; i < stride; i += 32) {
      a = _mm256_add_epi32(a, _mm256_madd_epi16(load_row(row + i), load_question(wide + i)));
      b = _mm256_add_epi32(b, _mm256_madd_epi16(load_row(row + i + 16), load_question(wide + i + 16)));
    }
    const __m256i sum = _mm256_add_epi32(a, b);
    __m128i four = _mm_add_epi32(_mm256_castsi256_si128(sum), _mm256_extracti128_si256(sum, 1));
    four = _mm_add_epi32(four, _mm_shuffle_epi32(four, 0x4E));
    four = _mm_add_epi32(four, _mm_shuffle_epi32(four, 0xB1));
    products[at] = _mm_cvtsi128_si32(four) - question.offset;
  }
}

__attribute__((target("avx512f"))) void multiply_avx512(const float* rows, std::size_t count, std::size_t dimensions,
                                                        const float* question, float* products) {
  const auto rest = static_cast<__mmask16>((1U << (dimensions % 16)) - 1);
  for (std::size_t n = 0; n < count; ++n) {
    const std::size_t at = in_turns(n, count);
    const float* row = rows + at * dimensions;
    __m512 a = _mm512_setzero_ps();
    __m512 b = a;
    std::size_t i = 0;
    for (; i + 32 <= dimensions; i += 32) {
      a = _mm512_fmadd_ps(_mm512_loadu_ps(row + i), _mm512_loadu_ps(question + i), a);
      b = _mm512_fmadd_ps(_mm512_loadu_ps(row + i + 16), _mm512_loadu_ps(question + i + 16), b);
    }
    for (; i + 16 <= dimensions; i += 16) {
      a = _mm512_fmadd_ps(_mm512_loadu_ps(row + i), _mm512_loadu_ps(question + i), a);
    }
    b = _mm512_fmadd_ps(_mm512_maskz_loadu_ps(rest, row + i), _mm512_maskz_loadu_ps(rest, question + i), b);
    products[at] = _mm512_reduce_add_ps(_mm512_add_ps(a, b));
  }
}

__attribute__((target("avx512f,avx512vnni"))) void multiply_codes_vnni(const std::uint8_t* rows, std::size_t count,
                                                                       std::size_t stride,
                                                                       const CodedQuestion& question,
                                                                       std::int32_t* products) {
  const std::int8_t* codes = question.codes.data();
  for (std::size_t n = 0; n < count; ++n) {
    const std::size_t at = in_turns(n, count);
    const std::uint8_t* row = rows + at * stride;
    __m512i sum = _mm512_setzero_si512();
    for (std::size_t i = 0; i < stride; i += 64) {
      sum = _mm512_dpbusd_epi32(sum, _mm512_loadu_si512(row + i), _mm512_loadu_si512(codes + i));
    }
    products[at] = _mm512_reduce_add_epi32(sum) - question.offset;
  }
}

#endif

std::vector<Kernels> find_usable() {
  std::vector<Kernels> found;
#if defined(__x86_64__)
  if (__builtin_cpu_supports("avx512f") && __builtin_cpu_supports("avx512vnni")) {
    found.push_back({"avx512", multiply_avx512, multiply_codes_vnni});
  }
  if (__builtin_cpu_supports("avx2") && __builtin_cpu_supports("fma")) {
    found.push_back({"avx2", multiply_avx2, multiply_codes_avx2});
  }
#endif
  found.push_back({"portable", multiply_anywhere, multiply_codes_anywhere});
  return found;
}

}  // namespace

float encode_row(std::span<const float> numbers, std::span<std::uint8_t> codes) {
  const std::vector<float> spread = spread_out(numbers, codes.size());
  const float scale = largest_of(spread) / kSteps;
  for (std::size_t i = 0; i < codes.size(); ++i) {
    codes[i] = static_cast<std::uint8_t>(kZeroCode + step_of(spread[i], scale));
  }
  return std::isfinite(scale) ? scale : 0;
}

CodedQuestion encode_question(std::span<const float> numbers, std::size_t stride) {
  const std::vector<float> spread = spread_out(numbers, stride);
  CodedQuestion question;
  question.scale = largest_of(spread) / kSteps;
  for (const float number : spread) {
    const int step = step_of(number, question.scale);
    question.codes.push_back(static_cast<std::int8_t>(step));
    question.wide.push_back(static_cast<std::int16_t>(step));
    question.offset += kZeroCode * step;
  }
  return question;
}

CodedQuestion question_of_row(std::span<const std::uint8_t> codes, float scale) {
  CodedQuestion question;
  question.scale = scale;
  question.codes.reserve(codes.size());
  question.wide.reserve(codes.size());
  for (const std::uint8_t code : codes) {
    const int step = code - kZeroCode;
    question.codes.push_back(static_cast<std::int8_t>(step));
    question.wide.push_back(static_cast<std::int16_t>(step));
    question.offset += kZeroCode * step;
  }
  return question;
}

std::span<const Kernels> usable_kernels() {
  static const std::vector<Kernels> usable = find_usable();
  return usable;
}

const Kernels& best_kernels() {
  static const Kernels& best = usable_kernels().front();
  return best;
}

}  // namespace chatcore::retrieval
