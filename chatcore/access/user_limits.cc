#include "chatcore/access/user_limits.h"

#include <algorithm>
#include <functional>
#include <utility>

namespace chatcore::access {
namespace {

// A list node, a hash node and a bucket beside the name itself.
constexpr std::size_t kEntryBytes = 160;

std::size_t bytes_of(const std::string& name) { return kEntryBytes + name.capacity(); }

}  // namespace

UserLimits::UserLimits(UserLimitSettings settings, Count count, std::size_t max_users)
    : count_(std::move(count)),
      max_users_per_shard_(std::max<std::size_t>(1, max_users / std::tuple_size_v<decltype(shards_)>)),
      requests_per_second_(settings.requests_per_second),
      burst_(settings.burst),
      streams_(settings.streams) {}

std::optional<std::chrono::seconds> UserLimits::check_rate(std::string_view user, base::SteadyTime now) {
  const UserLimitSettings limits = settings();
  if (limits.requests_per_second <= 0) return std::nullopt;
  Shard& shard = shard_of(user);
  const std::lock_guard lock(shard.mutex);
  const auto wait = touch(shard, user).limiter.admit({limits.requests_per_second, limits.burst}, now);
  if (!wait) return std::nullopt;
  return std::max(std::chrono::seconds(1), std::chrono::ceil<std::chrono::seconds>(*wait));
}

std::unique_ptr<UserLimits::Stream> UserLimits::begin_stream(std::string_view user) {
  const std::size_t most = streams_;
  if (most == 0) return std::make_unique<Stream>(nullptr, std::string());
  Shard& shard = shard_of(user);
  {
    const std::lock_guard lock(shard.mutex);
    User& entry = touch(shard, user);
    if (entry.streams >= most) return nullptr;
    ++entry.streams;
  }
  return std::make_unique<Stream>(this, std::string(user));
}

void UserLimits::end_stream(const std::string& user) {
  Shard& shard = shard_of(user);
  const std::lock_guard lock(shard.mutex);
  if (const auto found = shard.by_name.find(user); found != shard.by_name.end()) --found->second->streams;
}

void UserLimits::configure(UserLimitSettings settings) {
  requests_per_second_ = settings.requests_per_second;
  burst_ = settings.burst;
  streams_ = settings.streams;
  // What was owed at a slow rate would keep a user out at a quick one.
  for (Shard& shard : shards_) {
    const std::lock_guard lock(shard.mutex);
    for (User& user : shard.by_use) user.limiter = {};
  }
}

UserLimitSettings UserLimits::settings() const {
  return {.requests_per_second = requests_per_second_, .burst = burst_, .streams = streams_};
}

UserLimits::Shard& UserLimits::shard_of(std::string_view user) {
  return shards_.at(std::hash<std::string_view>{}(user) % shards_.size());
}

UserLimits::User& UserLimits::touch(Shard& shard, std::string_view user) const {
  if (const auto found = shard.by_name.find(user); found != shard.by_name.end()) {
    shard.by_use.splice(shard.by_use.begin(), shard.by_use, found->second);
    return *found->second;
  }
  // From the one unheard of for longest on; those with answers under way stay.
  for (auto old = shard.by_use.end(); shard.by_use.size() >= max_users_per_shard_ && old != shard.by_use.begin();) {
    --old;
    if (old->streams != 0) continue;
    count(bytes_of(old->name), false);
    shard.by_name.erase(old->name);
    old = shard.by_use.erase(old);
  }
  shard.by_use.push_front({.name = std::string(user), .limiter = {}, .streams = 0});
  const auto entry = shard.by_use.begin();
  shard.by_name.emplace(entry->name, entry);
  count(bytes_of(entry->name), true);
  return *entry;
}

std::size_t UserLimits::users() const {
  std::size_t count = 0;
  for (Shard& shard : shards_) {
    const std::lock_guard lock(shard.mutex);
    count += shard.by_use.size();
  }
  return count;
}

void UserLimits::count(std::size_t bytes, bool more) const {
  const auto change = static_cast<std::int64_t>(bytes);
  if (count_) count_({more ? change : -change});
}

}  // namespace chatcore::access
