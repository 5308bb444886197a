#pragma once
// CRC-32 as zlib and Ethernet have it (polynomial 0xEDB88320, reflected). It notices every damage within 32
// consecutive bits for certain, which no fast hash promises.

#include <cstddef>
#include <cstdint>

namespace chatcore::retrieval {

// The checksum so far, carried on over `size` more bytes; begin with 0.
std::uint32_t crc32(std::uint32_t sum, const void* data, std::size_t size);

}  // namespace chatcore::retrieval
