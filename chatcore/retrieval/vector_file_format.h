#pragma once
// Where everything lies in a vector store file, for its reader and its writer. Sections follow each other in the order
// of Layout, each beginning at a multiple of 64 bytes, so that a mapped file is searched as it is.

#include <array>
#include <bit>
#include <cstdint>
#include <type_traits>

#include "chatcore/retrieval/graph.h"

namespace chatcore::retrieval {

constexpr std::array<char, 8> kVectorFileMagic = {'C', 'H', 'A', 'T', 'V', 'E', 'C', '\n'};
constexpr std::uint32_t kVectorFileVersion = 2;
constexpr std::uint64_t kSectionAlignment = 64;
constexpr std::uint32_t kMaxDimensions = 65'536;

struct VectorFileHeader {
  std::array<char, 8> magic = kVectorFileMagic;
  std::uint32_t version = kVectorFileVersion;
  std::uint32_t dimensions = 0;
  std::uint64_t embedder_bytes = 0;
  std::uint64_t sources = 0;
  std::uint64_t chunks = 0;
  std::uint64_t weights = 0;
  std::uint64_t terms = 0;       // of all chunks together
  std::uint64_t text_bytes = 0;  // of all sources and chunks together
  std::uint64_t graph_rows = 0;  // chunks with links: all of them, or none
  std::uint64_t graph_steps = 0;
  std::array<std::uint64_t, 6> reserved{};
};
static_assert(sizeof(VectorFileHeader) == 128 && std::has_unique_object_representations_v<VectorFileHeader>);

struct SourceRecord {
  std::uint64_t text_begin = 0;  // in the texts
  std::uint64_t text_bytes = 0;
};
static_assert(sizeof(SourceRecord) == 16);

struct ChunkRecord {
  std::uint64_t text_begin = 0;  // in the texts
  std::uint32_t text_bytes = 0;
  std::uint32_t source = 0;
  std::uint64_t first_term = 0;
  std::uint32_t terms = 0;
  float code_scale = 0;  // what a step of its code is worth
};
static_assert(sizeof(ChunkRecord) == 32);

// Bytes from one row of codes to the next: the dimensions, filled up with zeros' codes.
constexpr std::uint64_t code_stride(std::uint64_t dimensions) {
  return (dimensions + kSectionAlignment - 1) / kSectionAlignment * kSectionAlignment;
}

// Byte positions in the file.
struct Layout {
  std::uint64_t embedder = 0;
  std::uint64_t sources = 0;
  std::uint64_t chunks = 0;
  std::uint64_t weights = 0;  // floats
  std::uint64_t terms = 0;    // 32-bit numbers, see lexical.h
  std::uint64_t texts = 0;
  std::uint64_t codes = 0;    // bytes, see scan.h
  std::uint64_t vectors = 0;  // floats
  std::uint64_t graph_rows = 0;
  std::uint64_t graph_steps = 0;
  std::uint64_t checksum = 0;
  std::uint64_t end = 0;
};

// No count of a file that exists comes near this; below it no sum of Layout overflows.
constexpr std::uint64_t kMaxCount = std::uint64_t{1} << 40;

constexpr bool is_countable(const VectorFileHeader& header) {
  return header.dimensions <= kMaxDimensions && header.embedder_bytes < kMaxCount && header.sources < kMaxCount &&
         header.chunks < kMaxCount && header.weights < kMaxCount && header.terms < kMaxCount &&
         header.text_bytes < kMaxCount && header.graph_rows < kMaxCount && header.graph_steps < kMaxCount;
}

// `header` must be countable.
constexpr Layout lay_out(const VectorFileHeader& header) {
  std::uint64_t at = sizeof(VectorFileHeader);
  const auto section = [&at](std::uint64_t bytes) {
    const std::uint64_t begin = at;
    at = (at + bytes + kSectionAlignment - 1) / kSectionAlignment * kSectionAlignment;
    return begin;
  };
  Layout layout;
  layout.embedder = section(header.embedder_bytes);
  layout.sources = section(header.sources * sizeof(SourceRecord));
  layout.chunks = section(header.chunks * sizeof(ChunkRecord));
  layout.weights = section(header.weights * sizeof(float));
  layout.terms = section(header.terms * sizeof(std::uint32_t));
  layout.texts = section(header.text_bytes);
  layout.codes = section(header.chunks * code_stride(header.dimensions));
  layout.vectors = section(header.chunks * header.dimensions * sizeof(float));
  layout.graph_rows = section(header.graph_rows * sizeof(LinkRow));
  layout.graph_steps = section(header.graph_steps * sizeof(GraphStep));
  layout.checksum = at;
  layout.end = at + sizeof(std::uint32_t);
  return layout;
}

static_assert(std::endian::native == std::endian::little, "structures are written as they lie in memory");

}  // namespace chatcore::retrieval
