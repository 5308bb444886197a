#include "chatcore/api/embedding_replies.h"

#include <array>
#include <bit>
#include <charconv>
#include <cstdint>

#include "chatcore/api/json_writer.h"

namespace chatcore::api {
namespace {

// The shortest text that reads back as the same float32; as a double it would be written with eight digits too many.
std::string numbers_text(std::span<const float> numbers) {
  std::string text = "[";
  for (const float number : numbers) {
    std::array<char, 24> digits{};
    const auto end = std::to_chars(digits.data(), digits.data() + digits.size(), number).ptr;
    if (text.size() > 1) text += ',';
    text.append(digits.data(), end);
  }
  return text + "]";
}

}  // namespace

std::string base64_of(std::span<const float> numbers) {
  constexpr std::string_view kDigits = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
  std::string bytes;
  bytes.reserve(numbers.size() * 4);
  for (const float number : numbers) {
    const auto bits = std::bit_cast<std::uint32_t>(number);
    for (unsigned shift = 0; shift < 32; shift += 8) bytes += static_cast<char>(bits >> shift & 0xFFU);
  }
  std::string text;
  text.reserve((bytes.size() + 2) / 3 * 4);
  for (std::size_t at = 0; at < bytes.size(); at += 3) {
    const auto byte = [&](std::size_t i) {
      return i < bytes.size() ? static_cast<std::uint32_t>(static_cast<unsigned char>(bytes[i])) : 0U;
    };
    const std::uint32_t group = byte(at) << 16U | byte(at + 1) << 8U | byte(at + 2);
    text += kDigits[group >> 18U];
    text += kDigits[group >> 12U & 63U];
    text += at + 1 < bytes.size() ? kDigits[group >> 6U & 63U] : '=';
    text += at + 2 < bytes.size() ? kDigits[group & 63U] : '=';
  }
  return text;
}

// Written by hand where it is long: a tree of all numbers would hold many times the bytes of its text.
std::string embeddings_json(const EmbeddingReply& reply) {
  std::string data;
  for (std::size_t i = 0; i < reply.vectors.size(); ++i) {
    data += R"({"object":"embedding","index":)" + std::to_string(i) + R"(,"embedding":)";
    data += reply.base64 ? '"' + base64_of(reply.vectors[i]) + '"' : numbers_text(reply.vectors[i]);
    data += i + 1 < reply.vectors.size() ? "}," : "}";
  }
  const OrderedJson usage{{"prompt_tokens", reply.tokens}, {"total_tokens", reply.tokens}};
  return R"({"object":"list","data":[)" + data + R"(],"model":)" + text_of(reply.model) + R"(,"usage":)" +
         text_of(usage) + "}";
}

}  // namespace chatcore::api
