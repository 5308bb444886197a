#include "guard/history/bits.h"

namespace guard::history {

void put_number(std::string& out, std::uint64_t value) {
  for (; value >= 0x80; value >>= 7) out += static_cast<char>(value | 0x80);
  out += static_cast<char>(value);
}

void put_text(std::string& out, std::string_view text) {
  put_number(out, text.size());
  out += text;
}

std::optional<std::uint64_t> Pieces::number() {
  std::uint64_t value = 0;
  for (unsigned shift = 0; shift < 64 && !rest_.empty(); shift += 7) {
    const auto byte = static_cast<unsigned char>(rest_.front());
    rest_.remove_prefix(1);
    value |= static_cast<std::uint64_t>(byte & 0x7f) << shift;
    if (byte < 0x80) return value;
  }
  return std::nullopt;
}

std::optional<std::string_view> Pieces::text() {
  const auto size = number();
  return size ? bytes(*size) : std::nullopt;
}

std::optional<std::string_view> Pieces::bytes(std::uint64_t count) {
  if (count > rest_.size()) return std::nullopt;
  const std::string_view taken = rest_.substr(0, static_cast<std::size_t>(count));
  rest_.remove_prefix(taken.size());
  return taken;
}

void BitWriter::bits(std::uint64_t value, unsigned count) {
  while (count > 0) {
    const unsigned taken = count < 8 - count_ ? count : 8 - count_;
    held_ = (held_ << taken) | ((value >> (count - taken)) & ((1u << taken) - 1));
    count -= taken;
    count_ += taken;
    if (count_ < 8) continue;
    out_ += static_cast<char>(held_);
    held_ = 0;
    count_ = 0;
  }
}

void BitWriter::rice(std::uint64_t value, unsigned k) {
  const std::uint64_t ones = value >> k;
  if (ones >= kMostOnes) {
    bits((1u << kMostOnes) - 1, kMostOnes);
    return bits(value, 64);
  }
  const auto count = static_cast<unsigned>(ones);
  bits(((std::uint64_t{1} << count) - 1) << 1, count + 1);
  bits(value, k);
}

void BitWriter::finish() {
  if (count_ > 0) bits(0, 8 - count_);
}

std::optional<std::uint64_t> BitReader::bits(unsigned count) {
  if (position_ + count > text_.size() * 8) return std::nullopt;
  std::uint64_t value = 0;
  while (count > 0) {
    const auto byte = static_cast<unsigned char>(text_[position_ / 8]);
    const auto left = static_cast<unsigned>(8 - position_ % 8);
    const unsigned taken = count < left ? count : left;
    value = (value << taken) | ((byte >> (left - taken)) & ((1u << taken) - 1));
    position_ += taken;
    count -= taken;
  }
  return value;
}

std::optional<std::uint64_t> BitReader::rice(unsigned k) {
  std::uint64_t ones = 0;
  for (auto bit = bits(1);; bit = bits(1)) {
    if (!bit) return std::nullopt;
    if (*bit == 0) break;
    if (++ones == kMostOnes) return bits(64);
  }
  const auto low = bits(k);
  if (!low) return std::nullopt;
  return (ones << k) | *low;
}

}  // namespace guard::history
