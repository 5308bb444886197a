#include "base/web/basic_auth.h"

#include <algorithm>
#include <memory>
#include <utility>

#include <crypt.h>

#include "base/http_text.h"

namespace base {
namespace {

constexpr std::string_view kAlphabet = "./ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789";
constexpr std::size_t kSettingBytes = 7;  // "$2y$10$"
constexpr std::size_t kHashBytes = kSettingBytes + 53;
// bcrypt ignores all bytes after the 72nd.
constexpr std::size_t kMostPasswordBytes = 72;
// Wrong ones that are remembered, so that a client that keeps sending one costs nothing; all are forgotten when full.
constexpr std::size_t kMostWrong = 1000;

std::string dummy_hash(const std::map<std::string, std::string>& users) {
  std::string most_costly;
  for (const auto& [user, hash] : users) {
    if (most_costly.empty() || hash.substr(4, 2) > most_costly.substr(4, 2)) most_costly = hash;
  }
  if (most_costly.empty()) return "";
  return most_costly.substr(0, kSettingBytes) + std::string(kHashBytes - kSettingBytes, '.');
}

}  // namespace

bool is_bcrypt_hash(std::string_view text) {
  if (text.size() != kHashBytes || !text.starts_with("$2") || text[3] != '$' || text[6] != '$') return false;
  if (text[2] != 'a' && text[2] != 'b' && text[2] != 'y') return false;
  const auto is_digit = [](char c) { return c >= '0' && c <= '9'; };
  if (!is_digit(text[4]) || !is_digit(text[5])) return false;
  const int cost = (text[4] - '0') * 10 + (text[5] - '0');
  return cost >= 4 && cost <= 31 && text.substr(kSettingBytes).find_first_not_of(kAlphabet) == std::string_view::npos;
}

std::optional<UserAndPassword> parse_basic_authorization(std::string_view header) {
  const auto blank = header.find(' ');
  if (blank == std::string_view::npos || !is_same_name(header.substr(0, blank), "Basic")) return std::nullopt;
  const auto start = header.find_first_not_of(' ', blank);
  if (start == std::string_view::npos) return std::nullopt;
  const auto decoded = decode_base64(header.substr(start));
  const auto colon = decoded ? decoded->find(':') : std::string::npos;
  if (colon == std::string::npos) return std::nullopt;
  return UserAndPassword{decoded->substr(0, colon), decoded->substr(colon + 1)};
}

std::string basic_challenge(std::string_view realm) {
  return "Basic realm=\"" + std::string(realm) + "\", charset=\"UTF-8\"";
}

BasicAuth::BasicAuth(std::map<std::string, std::string> users, const BasicAuth* previous)
    : users_(std::move(users)),
      dummy_hash_(dummy_hash(users_)),
      secret_(previous == nullptr ? random_digest() : previous->secret_) {
  if (previous == nullptr) return;
  const std::lock_guard lock(previous->mutex_);
  for (const auto& [user, key] : previous->known_right_) {
    const auto hash = users_.find(user);
    if (hash != users_.end() && hash->second == previous->users_.at(user)) known_right_.emplace(user, key);
  }
}

std::string BasicAuth::key_of(const UserAndPassword& given) const {
  const std::string text = std::to_string(given.user.size()) + ":" + given.user + given.password;
  return std::string(view_of(hmac_sha256(view_of(secret_), text)));
}

std::optional<bool> BasicAuth::cached_result(const UserAndPassword& given) const {
  const std::string key = key_of(given);
  const std::lock_guard lock(mutex_);
  const auto right = known_right_.find(given.user);
  if (right != known_right_.end() && right->second == key) return true;
  if (known_wrong_.contains(key)) return false;
  return std::nullopt;
}

bool BasicAuth::check(const UserAndPassword& given) const {
  if (const auto known = cached_result(given)) return *known;
  const bool is_right = compute(given);
  const std::string key = key_of(given);
  const std::lock_guard lock(mutex_);
  if (is_right) {
    known_right_[given.user] = key;
  } else {
    if (known_wrong_.size() >= kMostWrong) known_wrong_.clear();
    known_wrong_.insert(key);
  }
  return is_right;
}

bool BasicAuth::compute(const UserAndPassword& given) const {
  const auto user = users_.find(given.user);
  const std::string& hash = user == users_.end() ? dummy_hash_ : user->second;
  const bool can_be_hashed =
      given.password.size() <= kMostPasswordBytes && given.password.find('\0') == std::string::npos;
  const auto memory = std::make_unique<crypt_data>();  // 32 KiB
  const char* const result = crypt_r(can_be_hashed ? given.password.c_str() : "", hash.c_str(), memory.get());
  const std::string_view computed = result == nullptr ? "" : result;
  // The salt before it may be written with unused bits set; crypt_r returns it without them.
  constexpr std::size_t kDigestBytes = 31;
  return computed.size() == kHashBytes && user != users_.end() && can_be_hashed &&
         is_equal_in_constant_time(computed.substr(kHashBytes - kDigestBytes),
                                   std::string_view(hash).substr(kHashBytes - kDigestBytes));
}

}  // namespace base
