#include <algorithm>
#include <array>
#include <bit>
#include <cstring>
#include <utility>

#include "chatcore/retrieval/checksum.h"
#include "chatcore/retrieval/graph.h"
#include "chatcore/retrieval/mapped_file.h"
#include "chatcore/retrieval/vector_file.h"
#include "chatcore/retrieval/vector_file_format.h"

namespace chatcore::retrieval {
namespace {

using base::Code;
using Bytes = std::span<const std::byte>;

base::Error broken(const std::string& path, const std::string& why) {
  return {Code::corrupt, "vector store " + path + ": " + why +
                             "; it is left untouched: move it away (or restore it) and run `chatcore ingest` again"};
}

template <class T>
std::span<const T> section(Bytes bytes, std::uint64_t begin, std::uint64_t count) {
  return {reinterpret_cast<const T*>(bytes.data() + begin), static_cast<std::size_t>(count)};
}

std::string_view text_section(Bytes bytes, std::uint64_t begin, std::uint64_t count) {
  return {reinterpret_cast<const char*>(bytes.data() + begin), static_cast<std::size_t>(count)};
}

VectorStore::Sections find_sections(Bytes bytes, const VectorFileHeader& header, const Layout& layout) {
  return {.embedder = text_section(bytes, layout.embedder, header.embedder_bytes),
          .dimensions = header.dimensions,
          .sources = section<SourceRecord>(bytes, layout.sources, header.sources),
          .chunks = section<ChunkRecord>(bytes, layout.chunks, header.chunks),
          .weights = section<float>(bytes, layout.weights, header.weights),
          .terms = section<Term>(bytes, layout.terms, header.terms),
          .texts = text_section(bytes, layout.texts, header.text_bytes),
          .codes = section<std::uint8_t>(bytes, layout.codes, header.chunks * code_stride(header.dimensions)),
          .vectors = section<float>(bytes, layout.vectors, header.chunks * header.dimensions),
          .graph = {.rows = section<LinkRow>(bytes, layout.graph_rows, header.graph_rows),
                    .steps = section<GraphStep>(bytes, layout.graph_steps, header.graph_steps)}};
}

bool lies_within(std::uint64_t begin, std::uint64_t count, std::uint64_t size) {
  return begin <= size && count <= size - begin;
}

// A file whose checksum is right was still not necessarily written by us.
bool are_consistent(const VectorStore::Sections& its) {
  for (const SourceRecord& source : its.sources) {
    if (!lies_within(source.text_begin, source.text_bytes, its.texts.size())) return false;
  }
  for (const ChunkRecord& chunk : its.chunks) {
    if (!lies_within(chunk.text_begin, chunk.text_bytes, its.texts.size())) return false;
    if (!lies_within(chunk.first_term, chunk.terms, its.terms.size())) return false;
    if (chunk.source >= its.sources.size()) return false;
  }
  return is_sound(its.graph, its.chunks.size());
}

base::Status check_version(const VectorFileHeader& header, const std::string& name) {
  if (header.version == kVectorFileVersion) return {};
  const std::string versions =
      "format version " + std::to_string(header.version) + ", this program reads " + std::to_string(kVectorFileVersion);
  if (header.version == 0 || header.version > kVectorFileVersion) return base::fail(broken(name, versions));
  return base::fail(Code::conflict, "vector store " + name + ": " + versions + "; run `chatcore ingest` again");
}

}  // namespace

base::Result<VectorStore> parse_vector_file(Bytes bytes, std::shared_ptr<const void> memory, const std::string& name) {
  // A file cut short within its header reads as if zeros followed.
  std::array<std::byte, sizeof(VectorFileHeader)> beginning{};
  std::copy_n(bytes.begin(), std::min(bytes.size(), beginning.size()), beginning.begin());
  const auto header = std::bit_cast<VectorFileHeader>(beginning);
  if (header.magic != kVectorFileMagic) return base::fail(broken(name, "not a vector store, or damaged"));
  if (auto known = check_version(header, name); !known) return base::fail(known.error());
  constexpr const char* kWrongSize = "its size is not what its header says, it was cut short or damaged";
  if (header.dimensions == 0 || !is_countable(header)) return base::fail(broken(name, kWrongSize));
  const Layout layout = lay_out(header);
  if (layout.end != bytes.size()) return base::fail(broken(name, kWrongSize));
  std::uint32_t written_sum = 0;
  std::memcpy(&written_sum, bytes.data() + layout.checksum, sizeof written_sum);
  if (crc32(0, bytes.data(), layout.checksum) != written_sum) {
    return base::fail(broken(name, "the checksum does not match, damaged"));
  }
  const VectorStore::Sections sections = find_sections(bytes, header, layout);
  if (!are_consistent(sections)) return base::fail(broken(name, "damaged"));
  return VectorStore(sections, std::move(memory));
}

base::Result<VectorStore> read_vector_file(const std::string& path) {
  auto file = MappedFile::open(path);
  if (!file && file.error().code == Code::corrupt) return base::fail(broken(path, "not a regular file"));
  if (!file) return base::fail(file.error().within("vector store"));
  auto store = parse_vector_file((*file)->bytes(), *file, path);
  // All of it was read for the checksum; a search reads a fifth of it again.
  (*file)->release_pages();
  return store;
}

base::Result<VectorStore> load_vector_store(const std::string& path, std::string_view embedder,
                                            std::size_t dimensions) {
  auto store = read_vector_file(path);
  if (!store || (store->embedder() == embedder && store->dimensions() == dimensions)) return store;
  return base::fail(Code::conflict, "vector store " + path + ": made by embedder " + std::string(store->embedder()) +
                                        " (" + std::to_string(store->dimensions()) + " dimensions), not by " +
                                        std::string(embedder) +
                                        "; run `chatcore ingest` again, or configure the embedder it was made by");
}

}  // namespace chatcore::retrieval
