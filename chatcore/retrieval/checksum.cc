#include "chatcore/retrieval/checksum.h"

#include <array>
#include <bit>
#include <cstring>

namespace chatcore::retrieval {
namespace {

static_assert(std::endian::native == std::endian::little, "the eight-byte step reads words in this order");

using Table = std::array<std::array<std::uint32_t, 256>, 8>;

// Table k carries a byte over k further zero bytes, so that eight bytes take eight look-ups without waiting for each
// other ("slicing by eight"): about 2 GB/s, against 0.4 GB/s byte by byte. A store of 100 000 chunks has 200 MB.
constexpr Table make_tables() {
  Table tables{};
  for (std::uint32_t byte = 0; byte < 256; ++byte) {
    std::uint32_t sum = byte;
    for (int bit = 0; bit < 8; ++bit) sum = (sum >> 1) ^ ((sum & 1) != 0 ? 0xEDB88320U : 0U);
    tables[0][byte] = sum;
  }
  for (std::size_t k = 1; k < 8; ++k) {
    for (std::size_t byte = 0; byte < 256; ++byte) {
      const std::uint32_t before = tables[k - 1][byte];
      tables[k][byte] = (before >> 8) ^ tables[0][before & 0xFF];
    }
  }
  return tables;
}

constexpr Table kTables = make_tables();

}  // namespace

std::uint32_t crc32(std::uint32_t sum, const void* data, std::size_t size) {
  const auto* bytes = static_cast<const unsigned char*>(data);
  sum = ~sum;
  for (; size >= 8; size -= 8, bytes += 8) {
    std::uint64_t word = 0;
    std::memcpy(&word, bytes, 8);
    word ^= sum;
    sum = 0;
    for (std::size_t k = 0; k < 8; ++k) sum ^= kTables[7 - k][(word >> (8 * k)) & 0xFF];
  }
  for (; size > 0; --size, ++bytes) sum = (sum >> 8) ^ kTables[0][(sum ^ *bytes) & 0xFF];
  return ~sum;
}

}  // namespace chatcore::retrieval
