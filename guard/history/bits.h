#pragma once
// Encodes numbers as variable-length integers and as Rice codes, whose length is close to the entropy of small numbers.
// Private to this folder.

#include <bit>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace guard::history {

// Maps small signed numbers to small unsigned numbers: 0, -1, 1, -2 … → 0, 1, 2, 3 …
constexpr std::uint64_t zigzag(std::int64_t value) {
  return (static_cast<std::uint64_t>(value) << 1) ^ static_cast<std::uint64_t>(value >> 63);
}
constexpr std::int64_t unzigzag(std::uint64_t value) {
  return static_cast<std::int64_t>((value >> 1) ^ (~(value & 1) + 1));
}

// Seven bits per byte, lowest first.
void put_number(std::string& out, std::uint64_t value);
void put_text(std::string& out, std::string_view text);  // its length, then its bytes

// Reads from the front of a text; all members return nothing when it is too short.
class Pieces {
 public:
  explicit Pieces(std::string_view text) : rest_(text) {}
  std::optional<std::uint64_t> number();
  std::optional<std::string_view> text();
  std::optional<std::string_view> bytes(std::uint64_t count);
  [[nodiscard]] std::string_view rest() const { return rest_; }

 private:
  std::string_view rest_;
};

// A value's Rice code of parameter k: value >> k in ones, a zero, and the k low bits; from kMostOnes ones on, the
// value's 64 bits instead.
constexpr unsigned kMostOnes = 24;
constexpr std::uint64_t rice_bits(std::uint64_t value, unsigned k) {
  const std::uint64_t ones = value >> k;
  return ones < kMostOnes ? ones + 1 + k : kMostOnes + 64;
}

class BitWriter {
 public:
  explicit BitWriter(std::string& out) : out_(out) {}
  void rice(std::uint64_t value, unsigned k);
  void finish();  // pads the last byte

 private:
  void bits(std::uint64_t value, unsigned count);
  std::string& out_;
  std::uint64_t held_ = 0;
  unsigned count_ = 0;  // of bits held, below 8 between calls
};

class BitReader {
 public:
  explicit BitReader(std::string_view text) : text_(text) {}
  // Nothing at the end of the text.
  std::optional<std::uint64_t> rice(unsigned k);
  [[nodiscard]] std::size_t bytes_read() const { return (position_ + 7) / 8; }

 private:
  std::optional<std::uint64_t> bits(unsigned count);
  std::string_view text_;
  std::size_t position_ = 0;  // in bits
};

}  // namespace guard::history
