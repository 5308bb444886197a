#include "guard/history/column.h"

#include <algorithm>
#include <bit>
#include <limits>
#include <numeric>
#include <span>

namespace guard::history {
namespace {

// The form: one byte of Mode and flags; where ticks are missing, the lengths of the runs present, missing, present …
// up to the column's end; the divisor of all differences where it is not 1; the first value; in mode `curved` the first
// difference; then k and the Rice codes of the rest.
enum Mode : unsigned { kConstant = 0, kSloped = 1, kCurved = 2 };
constexpr unsigned kModeBits = 3;
constexpr unsigned kHasGaps = 4;
constexpr unsigned kHasDivisor = 8;
constexpr unsigned kMostK = 63;

// Differences wrap around, so that every pair of numbers has one.
std::int64_t difference(std::int64_t a, std::int64_t b) {
  return static_cast<std::int64_t>(static_cast<std::uint64_t>(a) - static_cast<std::uint64_t>(b));
}
std::int64_t sum(std::int64_t a, std::int64_t b) {
  return static_cast<std::int64_t>(static_cast<std::uint64_t>(a) + static_cast<std::uint64_t>(b));
}
std::int64_t product(std::int64_t a, std::uint64_t b) {
  return static_cast<std::int64_t>(static_cast<std::uint64_t>(a) * b);
}
std::uint64_t magnitude(std::int64_t value) {
  return value < 0 ? ~static_cast<std::uint64_t>(value) + 1 : static_cast<std::uint64_t>(value);
}

// The k with the shortest codes for `values`, and how many bits that is.
struct Choice {
  unsigned k = 0;
  std::uint64_t bits = std::numeric_limits<std::uint64_t>::max();
};
Choice best_rice(std::span<const std::uint64_t> values) {
  const std::uint64_t largest = values.empty() ? 0 : *std::max_element(values.begin(), values.end());
  Choice best;
  for (unsigned k = 0; k <= std::min<unsigned>(static_cast<unsigned>(std::bit_width(largest)), kMostK); ++k) {
    std::uint64_t bits = 0;
    for (const std::uint64_t value : values) bits += rice_bits(value, k);
    if (bits < best.bits) best = {k, bits};
  }
  return best;
}

void put_codes(std::span<const std::uint64_t> values, unsigned k, std::string& out) {
  out += static_cast<char>(k);
  BitWriter writer(out);
  for (const std::uint64_t value : values) writer.rice(value, k);
  writer.finish();
}

// Reads `count` codes. Nothing when there are fewer.
std::optional<std::vector<std::int64_t>> take_codes(std::size_t count, Pieces& in) {
  const auto k = in.bytes(1);
  if (!k || static_cast<unsigned char>(k->front()) > kMostK) return std::nullopt;
  BitReader reader(in.rest());
  std::vector<std::int64_t> values;
  for (std::size_t i = 0; i < count; ++i) {
    const auto value = reader.rice(static_cast<unsigned char>(k->front()));
    if (!value) return std::nullopt;
    values.push_back(unzigzag(*value));
  }
  static_cast<void>(in.bytes(reader.bytes_read()));
  return values;
}

void put_runs(const std::vector<bool>& present, std::size_t ticks, std::string& out) {
  bool expected = true;
  std::size_t length = 0;
  for (std::size_t i = 0; i < ticks; ++i) {
    if ((i < present.size() && present[i]) != expected) {
      put_number(out, length);
      expected = !expected;
      length = 0;
    }
    ++length;
  }
  put_number(out, length);
}

std::optional<std::vector<bool>> take_runs(std::size_t ticks, Pieces& in) {
  std::vector<bool> present;
  for (bool value = true; present.size() < ticks; value = !value) {
    const auto length = in.number();
    if (!length || *length > ticks - present.size() || (*length == 0 && !present.empty())) return std::nullopt;
    present.insert(present.end(), static_cast<std::size_t>(*length), value);
  }
  return present;
}

std::vector<std::int64_t> differences(std::span<const std::int64_t> values) {
  std::vector<std::int64_t> result;
  result.reserve(values.size());
  for (std::size_t i = 1; i < values.size(); ++i) result.push_back(difference(values[i], values[i - 1]));
  return result;
}

// At least 1. Halves of the whole range divide nothing that fits back into a number with a sign.
std::uint64_t common_divisor(std::span<const std::int64_t> slopes) {
  std::uint64_t divisor = 0;
  for (const std::int64_t slope : slopes) {
    divisor = std::gcd(divisor, magnitude(slope));
    if (divisor == 1) return 1;
  }
  return divisor == 0 || divisor > static_cast<std::uint64_t>(std::numeric_limits<std::int64_t>::max()) ? 1 : divisor;
}

std::vector<std::uint64_t> unsigned_of(std::span<const std::int64_t> values) {
  std::vector<std::uint64_t> result;
  result.reserve(values.size());
  for (const std::int64_t value : values) result.push_back(zigzag(value));
  return result;
}

// The values back from their form behind the flags.
std::optional<std::vector<std::int64_t>> take_values(std::size_t count, unsigned flags, Pieces& in) {
  const auto divisor = (flags & kHasDivisor) != 0 ? in.number() : std::optional<std::uint64_t>(1);
  const auto first = in.number();
  if (!divisor || !first) return std::nullopt;
  std::vector<std::int64_t> values(count, unzigzag(*first));
  const unsigned mode = flags & kModeBits;
  if (mode == kConstant) return values;
  if (mode > kCurved || count < 2) return std::nullopt;
  std::vector<std::int64_t> slopes;
  if (mode == kSloped) {
    auto codes = take_codes(count - 1, in);
    if (!codes) return std::nullopt;
    slopes = std::move(*codes);
  } else {
    const auto slope = in.number();
    const auto codes = slope ? take_codes(count - 2, in) : std::nullopt;
    if (!codes) return std::nullopt;
    slopes.push_back(unzigzag(*slope));
    for (const std::int64_t change : *codes) slopes.push_back(sum(slopes.back(), change));
  }
  for (std::size_t i = 1; i < count; ++i) values[i] = sum(values[i - 1], product(slopes[i - 1], *divisor));
  return values;
}

}  // namespace

void Column::put(std::size_t tick, std::int64_t value) {
  values_.resize(tick + 1);
  present_.resize(tick + 1);
  values_[tick] = value;
  present_[tick] = true;
}

std::optional<std::int64_t> Column::at(std::size_t tick) const {
  if (tick >= values_.size() || !present_[tick]) return std::nullopt;
  return values_[tick];
}

void Column::encode(std::size_t ticks, std::string& out) const {
  std::vector<std::int64_t> values;
  values.reserve(values_.size());
  bool is_constant = true;
  for (std::size_t i = 0; i < values_.size(); ++i) {
    if (!present_[i]) continue;
    values.push_back(values_[i]);
    is_constant = is_constant && values.back() == values.front();
  }
  const bool has_gaps = values.size() < ticks;
  const auto begin = [&](unsigned flags) {
    out += static_cast<char>(flags | (has_gaps ? kHasGaps : 0));
    if (has_gaps) put_runs(present_, ticks, out);
  };
  if (is_constant) {  // most columns of most blocks
    begin(kConstant);
    return put_number(out, zigzag(values.front()));
  }
  std::vector<std::int64_t> slopes = differences(values);
  const std::uint64_t divisor = common_divisor(slopes);
  for (std::int64_t& slope : slopes) slope /= static_cast<std::int64_t>(divisor);
  const std::vector<std::uint64_t> straight = unsigned_of(slopes);
  const std::vector<std::uint64_t> curved = unsigned_of(differences(slopes));
  const Choice straight_choice = best_rice(straight);
  const Choice curved_choice = best_rice(curved);
  const bool is_curved = curved_choice.bits + 8 < straight_choice.bits;  // the first slope is a byte at least
  begin((is_curved ? kCurved : kSloped) | (divisor > 1 ? kHasDivisor : 0));
  if (divisor > 1) put_number(out, divisor);
  put_number(out, zigzag(values.front()));
  if (!is_curved) return put_codes(straight, straight_choice.k, out);
  put_number(out, zigzag(slopes.front()));
  put_codes(curved, curved_choice.k, out);
}

std::optional<Column> Column::decode(std::size_t ticks, Pieces& in) {
  const auto first = in.bytes(1);
  if (!first) return std::nullopt;
  const auto flags = static_cast<unsigned>(static_cast<unsigned char>(first->front()));
  auto present = (flags & kHasGaps) != 0 ? take_runs(ticks, in) : std::vector<bool>(ticks, true);
  if (!present) return std::nullopt;
  const auto count = static_cast<std::size_t>(std::count(present->begin(), present->end(), true));
  if (count == 0) return std::nullopt;
  const auto values = take_values(count, flags, in);
  if (!values) return std::nullopt;
  Column column;
  column.values_.resize(ticks);
  for (std::size_t i = 0, next = 0; i < ticks; ++i)
    if ((*present)[i]) column.values_[i] = (*values)[next++];
  column.present_ = std::move(*present);
  return column;
}

}  // namespace guard::history
