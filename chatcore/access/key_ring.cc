#include "chatcore/access/key_ring.h"

#include <algorithm>
#include <cstring>
#include <optional>

#include "chatcore/access/user_name.h"

namespace chatcore::access {
namespace {

constexpr std::string_view kHashed = "sha256:";
constexpr std::size_t kMostErrors = 20;

int digit_of(char c) {
  if (c >= '0' && c <= '9') return c - '0';
  if (c >= 'a' && c <= 'f') return c - 'a' + 10;
  return c >= 'A' && c <= 'F' ? c - 'A' + 10 : -1;
}

std::optional<base::Digest> parse_digest(std::string_view hexadecimal) {
  base::Digest digest{};
  if (hexadecimal.size() != 2 * digest.size()) return std::nullopt;
  for (std::size_t i = 0; i < digest.size(); ++i) {
    const int high = digit_of(hexadecimal[2 * i]);
    const int low = digit_of(hexadecimal[2 * i + 1]);
    if (high < 0 || low < 0) return std::nullopt;
    digest[i] = static_cast<unsigned char>(high * 16 + low);
  }
  return digest;
}

// What can stand in an Authorization header: visible ASCII.
bool is_key(std::string_view text) {
  return text.size() >= kMinKeyBytes && text.size() <= kMaxKeyBytes &&
         std::ranges::all_of(text, [](char c) { return c > ' ' && c < '\x7F'; });
}

std::uint64_t index_of(const base::Digest& mark) {
  std::uint64_t index = 0;
  std::memcpy(&index, mark.data(), sizeof index);
  return index;
}

std::string_view trimmed(std::string_view text) {
  constexpr std::string_view kSpace = " \t\r";
  const auto begin = text.find_first_not_of(kSpace);
  if (begin == std::string_view::npos) return "";
  return text.substr(begin, text.find_last_not_of(kSpace) - begin + 1);
}

}  // namespace

std::string KeyRing::add(std::string_view line) {
  const auto colon = line.find(':');
  if (colon == std::string_view::npos) return "write user:key or user:sha256:DIGEST";
  const std::string_view user = line.substr(0, colon);
  const std::string_view secret = line.substr(colon + 1);
  if (!is_user_name(user)) return "the user must be 1 to 128 bytes of UTF-8 without control characters";
  std::optional<base::Digest> of_key;
  if (secret.starts_with(kHashed)) {
    of_key = parse_digest(secret.substr(kHashed.size()));
    if (!of_key) return "sha256: must be followed by 64 hexadecimal digits";
  } else {
    if (!is_key(secret)) return "a key is 16 to 512 visible ASCII characters; `openssl rand -hex 24` makes a good one";
    of_key = base::sha256(secret);
  }
  if (*of_key == base::sha256("")) return "this is the digest of an empty key";
  if (users_.size() == kMaxKeys) return "more than 10000 keys; use tokens (auth.jwt_secret_file) for so many users";
  const base::Digest mark = mark_of(*of_key);
  if (!users_.emplace(index_of(mark), Entry{mark, std::string(user)}).second) return "this key stands above already";
  return "";
}

base::Result<KeyRing> KeyRing::parse(std::string_view text, const std::string& name) {
  // As editors on Windows leave it: no part of the first user's name, who would else be somebody that nobody can spell.
  constexpr std::string_view kByteOrderMark = "\xEF\xBB\xBF";
  if (text.starts_with(kByteOrderMark)) text.remove_prefix(kByteOrderMark.size());
  KeyRing ring;
  std::string errors;
  std::size_t wrong = 0;
  std::size_t number = 0;
  while (!text.empty() && wrong < kMostErrors) {
    const auto end = text.find('\n');
    const std::string_view line = trimmed(text.substr(0, end));
    text = end == std::string_view::npos ? "" : text.substr(end + 1);
    ++number;
    if (line.empty() || line.starts_with('#')) continue;
    const std::string problem = ring.add(line);
    if (problem.empty()) continue;
    ++wrong;
    errors += (errors.empty() ? "" : "; ") + name + ":" + std::to_string(number) + ": " + problem;
  }
  if (!errors.empty()) return base::fail(base::Code::invalid_argument, errors);
  if (ring.size() == 0) return base::fail(base::Code::invalid_argument, name + ": holds no key");
  return ring;
}

const std::string* KeyRing::user_of(std::string_view key) const {
  // Shorter ones exist too where the operator wrote only a digest.
  if (key.empty() || key.size() > kMaxKeyBytes) return nullptr;
  const base::Digest mark = mark_of(base::sha256(key));
  const auto found = users_.find(index_of(mark));
  if (found == users_.end() || !base::is_equal_in_constant_time(found->second.digest, mark)) return nullptr;
  return &found->second.user;
}

}  // namespace chatcore::access
