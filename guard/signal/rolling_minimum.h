#pragma once
// The rolling minimum of one run's memory at every resolution, in bounded space: the minimum of each time bucket, in
// rings whose buckets are twice as wide as those of the ring before. The narrowest ring covers minutes, the widest two
// weeks and more. Short-lived memory (a burst, garbage before a collection) does not raise a minimum, so the minima
// show what is retained. No clock: the caller passes seconds since the start of the run.

#include <array>
#include <cstddef>
#include <cstdint>
#include <vector>

namespace guard::signal {

// One time bucket. It also keeps the highest minima of its parts, so that a wide bucket still shows how high memory
// stayed for a while, such as the peak of a day in a bucket of several hours.
struct Bucket {
  static constexpr std::size_t kDepth = 4;
  std::int64_t index = 0;  // start of the bucket divided by its width
  double at = 0;           // seconds; time of the minimum
  float maximum = 0;       // bytes
  // Bytes. [0]: minimum of the bucket; [n]: highest minimum among its parts of 1/2^n width.
  std::array<float, kDepth> minima{};

  [[nodiscard]] double bytes() const { return static_cast<double>(minima[0]); }
};

class RollingMinimum {
 public:
  static constexpr std::size_t kBuckets = 24;  // closed buckets in a ring
  static constexpr double kViewSeconds = 14.0 * 86400;

  struct Ring {
    double width_seconds = 0;
    std::array<Bucket, kBuckets> closed{};  // circular; read it with at()
    std::size_t count = 0;                  // number of filled entries in `closed`
    std::size_t next = 0;
    Bucket open;
    bool is_open = false;

    // 0 is the oldest closed bucket.
    [[nodiscard]] const Bucket& at(std::size_t position) const {
      return closed[(next + kBuckets - count + position) % kBuckets];
    }
  };

  // `narrowest_seconds`: bucket width of the first ring. The last ring covers at least kViewSeconds.
  explicit RollingMinimum(double narrowest_seconds = 1);

  // Adds a sample. REQUIRES: `seconds` >= 0 and not before the previous sample. Returns the rings in which a bucket was
  // closed: bit n for ring n.
  std::uint32_t add(double seconds, double bytes);

  [[nodiscard]] const std::vector<Ring>& rings() const { return rings_; }

  // The highest minimum of all buckets that ended before `seconds`, at the resolution of `ring` where it is still
  // known; 0 when there is none.
  [[nodiscard]] double highest_before(double seconds, std::size_t ring) const;

  [[nodiscard]] std::size_t size_bytes() const { return sizeof(*this) + rings_.capacity() * sizeof(Ring); }

 private:
  void merge(std::size_t ring, const Bucket& part, std::int64_t index);
  void close(std::size_t ring);

  std::vector<Ring> rings_;
  std::uint32_t closed_now_ = 0;
};

}  // namespace guard::signal
