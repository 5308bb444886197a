#pragma once
// The ingested texts in memory: chunks and one unit vector each. Immutable once made, so that any number of threads
// search it without a lock. Search is exact: at 100 000 chunks it reads 150 MB, some 20 ms, and needs no index that
// could go stale.

#include <cstddef>
#include <cstdint>
#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace chatcore::retrieval {

struct Chunk {
  std::string text;
  std::uint32_t source = 0;  // index into StoreContents::sources
};

// What a store consists of; also what its file holds.
struct StoreContents {
  std::string embedder;  // the name of the embedder that made the vectors
  std::size_t dimensions = 0;
  std::vector<float> weights;        // what the embedder learned from the texts; may be empty
  std::vector<std::string> sources;  // the files the chunks came from
  std::vector<Chunk> chunks;
  std::vector<float> vectors;  // chunks.size() × dimensions, in the order of the chunks, each of unit length
};

struct Match {
  std::size_t chunk = 0;
  float score = 0;  // cosine similarity, -1..1
};

class VectorStore {
 public:
  // Empty: finds nothing.
  VectorStore() = default;
  // `contents` must be consistent: every source index valid, as many vectors as chunks. A file's reader checks that.
  explicit VectorStore(StoreContents contents);

  [[nodiscard]] const StoreContents& contents() const { return contents_; }
  [[nodiscard]] std::size_t size() const { return contents_.chunks.size(); }
  [[nodiscard]] std::string_view text(const Match& match) const { return contents_.chunks[match.chunk].text; }
  [[nodiscard]] std::string_view source(const Match& match) const {
    return contents_.sources[contents_.chunks[match.chunk].source];
  }

  // The `top` best, best first, none below `threshold`; of equals the earlier chunk. A question of another dimension
  // finds nothing.
  [[nodiscard]] std::vector<Match> search(std::span<const float> question, std::size_t top, float threshold) const;

 private:
  StoreContents contents_;
};

}  // namespace chatcore::retrieval
