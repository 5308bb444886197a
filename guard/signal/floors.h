#pragma once
// The memory of one run at every resolution at once, in bounded space: the lowest value of each bucket of time (its
// floor), in rings whose buckets are each twice as wide as those of the ring before. The narrowest look back over
// minutes, the widest over two weeks and more. What a collector or a burst adds for a moment is in no floor, so the
// floors show what is kept. No clock: time is a number of seconds that the caller counts from the run's beginning.

#include <array>
#include <cstddef>
#include <cstdint>
#include <vector>

namespace guard::signal {

// One bucket. A bucket keeps the highest floors of its parts too, so that a wide one still knows how high memory
// stood for a while: the peak of a day is not forgotten when only buckets of hours are left of it.
struct Floor {
  static constexpr std::size_t kDepth = 4;
  std::int64_t index = 0;  // of the bucket: its beginning over its width
  double at = 0;           // seconds; when the floor was met
  float ceiling = 0;       // bytes; the highest value
  // Bytes. [0] is the floor of the whole, [n] the highest floor among its parts of 1/2^n width.
  std::array<float, kDepth> floors{};

  [[nodiscard]] double bytes() const { return static_cast<double>(floors[0]); }
};

class FloorRings {
 public:
  static constexpr std::size_t kFloors = 24;  // closed buckets a ring holds
  static constexpr double kViewSeconds = 14.0 * 86400;

  struct Ring {
    double width_seconds = 0;
    std::array<Floor, kFloors> closed{};  // a circle: read it with at()
    std::size_t count = 0;                // how many of `closed` are filled
    std::size_t next = 0;
    Floor open;
    bool is_open = false;

    // 0 is the oldest closed bucket.
    [[nodiscard]] const Floor& at(std::size_t place) const {
      return closed[(next + kFloors - count + place) % kFloors];
    }
  };

  // The narrowest buckets are this wide; the widest ring looks back over kViewSeconds.
  explicit FloorRings(double narrowest_seconds = 1);

  // Takes one sample; `seconds` must not be negative nor run backwards. Returns which rings closed a bucket: bit n
  // for ring n.
  std::uint32_t add(double seconds, double bytes);

  [[nodiscard]] const std::vector<Ring>& rings() const { return rings_; }

  // The highest floor, seen through buckets of `ring` as far as they are still known, of all buckets that ended
  // before `seconds`; 0 when there is none.
  [[nodiscard]] double highest_before(double seconds, std::size_t ring) const;

  [[nodiscard]] std::size_t size_bytes() const { return sizeof(*this) + rings_.capacity() * sizeof(Ring); }

 private:
  void merge(std::size_t ring, const Floor& part, std::int64_t index);
  void close(std::size_t ring);

  std::vector<Ring> rings_;
  std::uint32_t closed_now_ = 0;
};

}  // namespace guard::signal
