#pragma once
// The ingested texts: chunks, one unit vector each, and what makes searching them quick. Immutable, so that any number
// of threads search it without a lock. It is a view into one piece of memory, which is laid out as the file is
// (vector_file_format.h) and usually is the mapped file itself.

#include <cstddef>
#include <cstdint>
#include <memory>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "chatcore/retrieval/graph.h"
#include "chatcore/retrieval/lexical.h"

namespace chatcore::retrieval {

struct ChunkRecord;
struct SourceRecord;

struct Chunk {
  std::string text;
  std::uint32_t source = 0;  // index into StoreContents::sources
};

// What a store is made of.
struct StoreContents {
  std::string embedder;  // the name of the embedder that made the vectors
  std::size_t dimensions = 0;
  std::vector<std::string> sources;  // the files the chunks came from
  std::vector<Chunk> chunks;
  std::vector<float> vectors;  // chunks.size() × dimensions, in the order of the chunks, each of unit length
  Graph graph;                 // of all chunks (build_graph), or empty
};

struct Match {
  std::size_t chunk = 0;
  float score = 0;  // cosine similarity, -1..1
};

enum class Search {
  automatic,  // by the store's graph if it has one, else scanned
  scanned,    // what is quickest for this store's size and finds what exact finds
  exact,      // every vector
  coded,      // every code, then the vectors of the best
  graph,      // the codes that the graph leads to, then the vectors of the best; nothing in a store without one
};

class VectorStore {
 public:
  // The sections of a store's memory; see vector_file_format.h.
  struct Sections {
    std::string_view embedder;
    std::size_t dimensions = 0;
    std::span<const SourceRecord> sources;
    std::span<const ChunkRecord> chunks;
    std::span<const float> weights;
    std::span<const Term> terms;
    std::string_view texts;
    std::span<const std::uint8_t> codes;
    std::span<const float> vectors;
    GraphView graph;
  };

  // Empty: finds nothing.
  VectorStore() = default;
  // `sections` point into `memory` and fit together; a file's reader checks that.
  VectorStore(const Sections& sections, std::shared_ptr<const void> memory)
      : its_(sections), memory_(std::move(memory)) {}
  // In memory of its own, for tests and benches. `contents` must be consistent: as many vectors as chunks, every source
  // there.
  explicit VectorStore(const StoreContents& contents);

  [[nodiscard]] std::size_t size() const { return its_.chunks.size(); }
  [[nodiscard]] std::size_t dimensions() const { return its_.dimensions; }
  [[nodiscard]] std::string_view embedder() const { return its_.embedder; }
  // How rare each word is among the chunks; see lexical.h.
  [[nodiscard]] std::span<const float> weights() const { return its_.weights; }
  [[nodiscard]] std::string_view text(std::size_t chunk) const;
  [[nodiscard]] std::string_view source(std::size_t chunk) const;
  [[nodiscard]] std::span<const float> vector(std::size_t chunk) const;
  [[nodiscard]] std::span<const Term> terms(std::size_t chunk) const;
  [[nodiscard]] float usual_terms() const;  // the mean number of terms of a chunk
  // Of its memory, which is usually mapped: all of it, and what the graph takes; 0: it has none.
  [[nodiscard]] std::size_t bytes() const;
  [[nodiscard]] std::size_t graph_bytes() const { return its_.graph.bytes(); }
  [[nodiscard]] const GraphView& graph() const { return its_.graph; }
  [[nodiscard]] std::span<const float> vectors() const { return its_.vectors; }
  // A copy of all, which may be large.
  [[nodiscard]] StoreContents contents() const;

  // The `top` best by vector, best first, none below `threshold`; of equals the earlier chunk. A question of another
  // dimension finds nothing. Uses some kilobytes of stack and heap, and by the graph a bit for each chunk.
  [[nodiscard]] std::vector<Match> search(std::span<const float> question, std::size_t top, float threshold,
                                          Search how = Search::automatic) const;

 private:
  [[nodiscard]] std::vector<Match> search_exact(std::span<const float> question, std::size_t top,
                                                float threshold) const;
  [[nodiscard]] std::vector<Match> search_coded(std::span<const float> question, std::size_t top,
                                                float threshold) const;
  [[nodiscard]] std::vector<Match> search_graph(std::span<const float> question, std::size_t top,
                                                float threshold) const;
  // The best of `candidates` by their vectors.
  [[nodiscard]] std::vector<Match> ranked(std::vector<Match> candidates, std::span<const float> question,
                                          std::size_t top, float threshold) const;

  Sections its_;
  std::shared_ptr<const void> memory_;
};

}  // namespace chatcore::retrieval
