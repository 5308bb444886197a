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
// bcrypt itself would pass over what is behind them.
constexpr std::size_t kMostPasswordBytes = 72;
// When full, all is forgotten: an attacker's guesses push out the users', who are checked once more.
constexpr std::size_t kMostRemembered = 1000;

std::string hash_for_no_one(const std::map<std::string, std::string>& users) {
  if (users.empty()) return "";
  return users.begin()->second.substr(0, kSettingBytes) + std::string(kHashBytes - kSettingBytes, '.');
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

BasicAuth::BasicAuth(std::map<std::string, std::string> users)
    : users_(std::move(users)), no_ones_hash_(hash_for_no_one(users_)), secret_(random_digest()) {}

std::string BasicAuth::key_of(const UserAndPassword& given) const {
  const std::string text = std::to_string(given.user.size()) + ":" + given.user + given.password;
  return std::string(view_of(hmac_sha256(view_of(secret_), text)));
}

std::optional<bool> BasicAuth::remembered(const UserAndPassword& given) const {
  const std::string key = key_of(given);
  const std::lock_guard lock(mutex_);
  const auto found = remembered_.find(key);
  return found == remembered_.end() ? std::nullopt : std::optional(found->second);
}

bool BasicAuth::check(const UserAndPassword& given) const {
  const auto user = users_.find(given.user);
  const std::string& hash = user == users_.end() ? no_ones_hash_ : user->second;
  const bool can_be_hashed =
      given.password.size() <= kMostPasswordBytes && given.password.find('\0') == std::string::npos;
  const auto memory = std::make_unique<crypt_data>();  // 32 KiB
  const char* const computed = crypt_r(can_be_hashed ? given.password.c_str() : "", hash.c_str(), memory.get());
  const bool is_right = computed != nullptr && is_equal_in_constant_time(std::string_view(computed), hash) &&
                        user != users_.end() && can_be_hashed;
  const std::string key = key_of(given);
  const std::lock_guard lock(mutex_);
  if (remembered_.size() >= kMostRemembered) remembered_.clear();
  remembered_[key] = is_right;
  return is_right;
}

}  // namespace base
