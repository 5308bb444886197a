#include "chatcore/api/item_id.h"

#include <algorithm>
#include <array>
#include <charconv>

namespace chatcore::api {
namespace {

constexpr std::string_view kPrefix = "msg_";
constexpr std::size_t kMarkDigits = 16;
constexpr std::size_t kSequenceDigits = 16;

std::string hexadecimal(std::uint64_t number, std::size_t digits) {
  std::array<char, 16> buffer{};
  const auto end = std::to_chars(buffer.data(), buffer.data() + buffer.size(), number, 16).ptr;
  const std::string text(buffer.data(), end);
  return std::string(digits - text.size(), '0') + text;
}

// FNV-1a, which needs no table and no key: a mark has nothing to hide.
std::uint64_t mark_of(std::string_view text) {
  std::uint64_t mark = 0xcbf29ce484222325U;
  for (const char c : text) mark = (mark ^ static_cast<unsigned char>(c)) * 0x100000001b3U;
  return mark;
}

// Conversations that were named here (random_id.h), and the letter that their marks begin with.
struct OwnName {
  std::string_view prefix;
  char letter;
};
constexpr std::array kOwnNames{OwnName{"chain_", 'r'}, OwnName{"conv_", 'c'}};
constexpr std::size_t kRandomDigits = 32;

bool is_random(std::string_view digits) {
  return digits.size() == kRandomDigits && digits.find_first_not_of("0123456789abcdef") == std::string_view::npos;
}

std::string mark_text(std::string_view conversation_id) {
  for (const auto& [prefix, letter] : kOwnNames) {
    const bool is_own = conversation_id.starts_with(prefix) && is_random(conversation_id.substr(prefix.size()));
    if (is_own) return letter + std::string(conversation_id.substr(prefix.size()));
  }
  return hexadecimal(mark_of(conversation_id), kMarkDigits);
}

// The number that an id ends with.
std::optional<std::int64_t> sequence_in(std::string_view id) {
  if (id.size() < kPrefix.size() + kSequenceDigits) return std::nullopt;
  const std::string_view digits = id.substr(id.size() - kSequenceDigits);
  std::int64_t sequence = 0;
  const auto [end, error] = std::from_chars(digits.data(), digits.data() + digits.size(), sequence, 16);
  const bool is_number = error == std::errc() && end == digits.data() + digits.size() && sequence > 0;
  return is_number ? std::optional(sequence) : std::nullopt;
}

}  // namespace

std::string item_id(std::string_view conversation_id, std::int64_t sequence) {
  return std::string(kPrefix) + mark_text(conversation_id) +
         hexadecimal(static_cast<std::uint64_t>(sequence), kSequenceDigits);
}

std::optional<std::int64_t> sequence_of_item(std::string_view conversation_id, std::string_view id) {
  const auto sequence = sequence_in(id);
  // Also settles the prefix, the mark and the case of the digits.
  return sequence && item_id(conversation_id, *sequence) == id ? sequence : std::nullopt;
}

std::optional<ItemPlace> place_of_item(std::string_view id) {
  const auto sequence = sequence_in(id);
  if (!sequence || !id.starts_with(kPrefix)) return std::nullopt;
  std::string_view mark = id.substr(kPrefix.size());
  mark.remove_suffix(std::min(mark.size(), kSequenceDigits));
  for (const auto& [prefix, letter] : kOwnNames) {
    if (!mark.starts_with(letter)) continue;
    ItemPlace place{.conversation_id = std::string(prefix) + std::string(mark.substr(1)), .sequence = *sequence};
    if (item_id(place.conversation_id, *sequence) == id) return place;
  }
  return std::nullopt;
}

}  // namespace chatcore::api
