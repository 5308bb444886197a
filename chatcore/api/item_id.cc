#include "chatcore/api/item_id.h"

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

}  // namespace

std::string item_id(std::string_view conversation_id, std::int64_t sequence) {
  return std::string(kPrefix) + hexadecimal(mark_of(conversation_id), kMarkDigits) +
         hexadecimal(static_cast<std::uint64_t>(sequence), kSequenceDigits);
}

std::optional<std::int64_t> sequence_of_item(std::string_view conversation_id, std::string_view id) {
  if (id.size() != kPrefix.size() + kMarkDigits + kSequenceDigits) return std::nullopt;
  const std::string_view digits = id.substr(kPrefix.size() + kMarkDigits);
  std::int64_t sequence = 0;
  const auto [end, error] = std::from_chars(digits.data(), digits.data() + digits.size(), sequence, 16);
  if (error != std::errc() || end != digits.data() + digits.size() || sequence <= 0) return std::nullopt;
  // Also settles the prefix, the mark and the case of the digits.
  return item_id(conversation_id, sequence) == id ? std::optional(sequence) : std::nullopt;
}

}  // namespace chatcore::api
