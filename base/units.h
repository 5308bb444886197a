#pragma once
// Strong types for what the guard measures, so that bytes are never compared with cores, and the words that
// people write for them in a configuration. Durations are std::chrono's.
//
// Percent and suffixes exist only in the parse_ and format_ functions; inside, a Ratio of 0.85 is 0.85.

#include <chrono>
#include <compare>
#include <cstdint>
#include <limits>
#include <string>
#include <string_view>

#include "base/result.h"

namespace base {

// A count of bytes; signed, since differences of two sizes are sizes too. A sum or difference that does not fit is the
// largest or smallest count there is: counts come from outside, and unlimited() plus anything is unlimited().
struct Bytes {
  std::int64_t count = 0;

  // What a cgroup without a limit has: v2 writes "max", v1 a huge number; both are read as this.
  static constexpr Bytes unlimited() { return {std::numeric_limits<std::int64_t>::max()}; }
  [[nodiscard]] constexpr bool is_unlimited() const { return *this == unlimited(); }

  friend constexpr auto operator<=>(const Bytes&, const Bytes&) = default;
  friend constexpr Bytes operator+(Bytes a, Bytes b) {
    std::int64_t sum = 0;
    return {__builtin_add_overflow(a.count, b.count, &sum) ? extreme(a.count < 0) : sum};
  }
  friend constexpr Bytes operator-(Bytes a, Bytes b) {
    std::int64_t difference = 0;
    return {__builtin_sub_overflow(a.count, b.count, &difference) ? extreme(a.count < 0) : difference};
  }
  constexpr Bytes& operator+=(Bytes other) { return *this = *this + other; }
  constexpr Bytes& operator-=(Bytes other) { return *this = *this - other; }

 private:
  static constexpr std::int64_t extreme(bool is_negative) {
    return is_negative ? std::numeric_limits<std::int64_t>::min() : std::numeric_limits<std::int64_t>::max();
  }
};

constexpr Bytes kibibytes(std::int64_t n) { return {n << 10}; }
constexpr Bytes mebibytes(std::int64_t n) { return {n << 20}; }
constexpr Bytes gibibytes(std::int64_t n) { return {n << 30}; }

// CPU cores, as a cap (0.8) or as use over an interval (CPU seconds per second).
struct Cores {
  double count = 0;
  static constexpr Cores unlimited() { return {std::numeric_limits<double>::infinity()}; }
  [[nodiscard]] constexpr bool is_unlimited() const { return *this == unlimited(); }
  friend constexpr auto operator<=>(const Cores&, const Cores&) = default;
};

// A part of a whole; 1 is all of it. May exceed 1.
struct Ratio {
  double value = 0;
  friend constexpr auto operator<=>(const Ratio&, const Ratio&) = default;
};

using Duration = std::chrono::nanoseconds;

// "700m", "512MiB", "1g", "64k", "1048576", "1.5GiB". Suffixes are binary and case does not matter, as Docker
// has them (k = 1024). Errors: invalid_argument, naming what was read and an example of what would do.
Result<Bytes> parse_bytes(std::string_view text);
// "30s", "5m", "2h", "1h30m", "250ms", "7d". A bare number is refused: the unit is never guessed.
Result<Duration> parse_duration(std::string_view text);
// "0.8", "2".
Result<Cores> parse_cores(std::string_view text);
// "85%", "0.85".
Result<Ratio> parse_ratio(std::string_view text);

// "700 MiB", "1.5 GiB", "512 B", "unlimited"; negative sizes keep their sign.
std::string format_bytes(Bytes bytes);
// The two largest units that matter: "2h 5m", "35s", "250ms".
std::string format_duration(Duration duration);
// "85%", "85.3%".
std::string format_ratio(Ratio ratio);

// Seconds as metrics want them.
constexpr double to_seconds(Duration duration) { return std::chrono::duration<double>(duration).count(); }
constexpr Duration from_seconds(double seconds) {
  return std::chrono::duration_cast<Duration>(std::chrono::duration<double>(seconds));
}

}  // namespace base
