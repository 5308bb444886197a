#pragma once
// How much one user may ask at a time: requests a second with a burst, and answers under way at once. Without
// authentication a user is the address that the request came from.
//
// The table of users is bounded: the one unheard of for longest is forgotten first, and begins with a full burst when
// it comes back. One with an answer under way is kept; those are bounded by the turns in flight. Pure: time is an
// argument.

#include <array>
#include <atomic>
#include <chrono>
#include <cstddef>
#include <functional>
#include <list>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <string_view>
#include <unordered_map>

#include "base/clock.h"
#include "base/rate_limiter.h"
#include "base/units.h"

namespace chatcore::access {

struct UserLimitSettings {
  double requests_per_second = 0;  // 0: not limited; else at least base::kSlowestRate
  std::size_t burst = 20;          // requests that may come at once after a pause, 1 to base::kMaxBurst
  std::size_t streams = 0;         // answers under way at once; 0: not limited
};

// Thread-safe. Outlives its Streams.
class UserLimits {
 public:
  // Told each time that the table has come to hold so many bytes more (or less), estimated; must not ask back here.
  using Count = std::function<void(base::Bytes change)>;

  explicit UserLimits(UserLimitSettings settings, Count count = nullptr, std::size_t max_users = 16'384);

  // One answer under way; its place is free again when this is destroyed.
  class Stream {
   public:
    Stream(UserLimits* limits, std::string user) : limits_(limits), user_(std::move(user)) {}
    ~Stream() {
      if (limits_) limits_->end_stream(user_);
    }
    Stream(const Stream&) = delete;
    Stream& operator=(const Stream&) = delete;

   private:
    UserLimits* limits_;  // null: not counted, since nothing was limited when it began
    std::string user_;
  };

  // None: go on. Else the whole seconds, at least 1, after which it may.
  std::optional<std::chrono::seconds> check_rate(std::string_view user, base::SteadyTime now);
  // Null when the user has all the answers under way that one may.
  std::unique_ptr<Stream> begin_stream(std::string_view user);

  // For everyone from now on, each beginning with a full burst; what is under way goes on.
  void configure(UserLimitSettings settings);
  [[nodiscard]] std::size_t users() const;

 private:
  struct User {
    std::string name;
    base::RateLimiter limiter;
    std::size_t streams = 0;
  };
  // Users fall into shards by name, so that no lock is on everybody's way.
  struct Shard {
    std::mutex mutex;
    std::list<User> by_use;  // the last used first
    std::unordered_map<std::string_view, std::list<User>::iterator> by_name;
  };

  Shard& shard_of(std::string_view user);
  // The user, made when it is new; the last used from now on. With the shard's lock.
  User& touch(Shard& shard, std::string_view user) const;
  void end_stream(const std::string& user);
  [[nodiscard]] UserLimitSettings settings() const;

  void count(std::size_t bytes, bool more) const;

  const Count count_;
  const std::size_t max_users_per_shard_;
  std::atomic<double> requests_per_second_;
  std::atomic<std::size_t> burst_;
  std::atomic<std::size_t> streams_;
  mutable std::array<Shard, 16> shards_;
};

}  // namespace chatcore::access
