#pragma once
// The fixed part of a vector store file, shared by its reader and its writer.

#include <array>
#include <bit>
#include <cstdint>
#include <type_traits>

namespace chatcore::retrieval {

constexpr std::array<char, 8> kVectorFileMagic = {'C', 'H', 'A', 'T', 'V', 'E', 'C', '\n'};
constexpr std::uint32_t kVectorFileVersion = 1;

struct VectorFileHeader {
  std::array<char, 8> magic = kVectorFileMagic;
  std::uint32_t version = kVectorFileVersion;
  std::uint32_t dimensions = 0;
  std::uint64_t weights = 0;
  std::uint64_t sources = 0;
  std::uint64_t chunks = 0;
  std::uint64_t text_bytes = 0;  // of all sources and chunks together
  std::uint32_t embedder_bytes = 0;
  std::uint32_t reserved = 0;
};
static_assert(sizeof(VectorFileHeader) == 56 && std::has_unique_object_representations_v<VectorFileHeader>);

struct ChunkRecord {
  std::uint32_t text_bytes = 0;
  std::uint32_t source = 0;
};
static_assert(sizeof(ChunkRecord) == 8);

static_assert(std::endian::native == std::endian::little, "structures are written as they lie in memory");

}  // namespace chatcore::retrieval
