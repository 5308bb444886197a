#include "chatcore/retrieval/vector_store.h"

#include <algorithm>
#include <array>
#include <limits>

#include "chatcore/retrieval/best_matches.h"
#include "chatcore/retrieval/graph_search.h"
#include "chatcore/retrieval/scan.h"
#include "chatcore/retrieval/vector_file.h"
#include "chatcore/retrieval/vector_file_format.h"

namespace chatcore::retrieval {
namespace {

// Rows whose products are formed at once: enough to make the call cheap, few enough to stay in the first cache.
constexpr std::size_t kRowsAtOnce = 256;

// From here on vectors are read from memory rather than from a cache, and reading codes is what is quicker.
constexpr std::size_t kCodedFrom = 4096;

// Rows that the codes must rank among the first for one of `top` to be found. Measured: with 64 the five best of
// 100 000 are among them in more than 99.9 % of cases.
constexpr std::size_t kLeastCandidates = 64;
// From so many on they are a quarter more: what is asked for then is itself a first choice.
constexpr std::size_t kManyCandidates = 256;
std::size_t candidates_for(std::size_t top) {
  return std::clamp(8 * top, kLeastCandidates, std::max(kManyCandidates, top + top / 4));
}

// How many chunks a search by the graph keeps in view. Measured (search_bench).
constexpr std::size_t kLeastGraphWidth = 256;
constexpr std::size_t kGraphWidthPerMatch = 2;

std::string_view part_of(std::string_view texts, std::uint64_t begin, std::uint64_t bytes) {
  // Checked when the file was read, and again here: a file that is overwritten in its place changes under a mapping.
  if (begin > texts.size() || bytes > texts.size() - begin) return {};
  return texts.substr(begin, bytes);
}

}  // namespace

VectorStore::VectorStore(const StoreContents& contents) { *this = make_vector_store(contents); }

std::string_view VectorStore::text(std::size_t chunk) const {
  const ChunkRecord record = its_.chunks[chunk];
  return part_of(its_.texts, record.text_begin, record.text_bytes);
}

std::string_view VectorStore::source(std::size_t chunk) const {
  const std::uint32_t source = its_.chunks[chunk].source;
  if (source >= its_.sources.size()) return {};
  const SourceRecord record = its_.sources[source];
  return part_of(its_.texts, record.text_begin, record.text_bytes);
}

std::span<const float> VectorStore::vector(std::size_t chunk) const {
  return its_.vectors.subspan(chunk * its_.dimensions, its_.dimensions);
}

std::span<const Term> VectorStore::terms(std::size_t chunk) const {
  const ChunkRecord record = its_.chunks[chunk];
  if (record.first_term > its_.terms.size() || record.terms > its_.terms.size() - record.first_term) return {};
  return its_.terms.subspan(record.first_term, record.terms);
}

float VectorStore::usual_terms() const {
  return size() == 0 ? 0 : static_cast<float>(its_.terms.size()) / static_cast<float>(size());
}

std::size_t VectorStore::bytes() const {
  return its_.sources.size_bytes() + its_.chunks.size_bytes() + its_.weights.size_bytes() + its_.terms.size_bytes() +
         its_.texts.size() + its_.codes.size_bytes() + its_.vectors.size_bytes() + its_.graph.bytes();
}

StoreContents VectorStore::contents() const {
  StoreContents contents{.embedder = std::string(its_.embedder),
                         .dimensions = its_.dimensions,
                         .sources = {},
                         .chunks = {},
                         .vectors = {its_.vectors.begin(), its_.vectors.end()},
                         .graph = copy_of(its_.graph)};
  for (const SourceRecord& source : its_.sources) {
    contents.sources.emplace_back(part_of(its_.texts, source.text_begin, source.text_bytes));
  }
  for (std::size_t chunk = 0; chunk < size(); ++chunk) {
    contents.chunks.push_back({std::string(text(chunk)), its_.chunks[chunk].source});
  }
  return contents;
}

std::vector<Match> VectorStore::search(std::span<const float> question, std::size_t top, float threshold,
                                       Search how) const {
  if (question.size() != its_.dimensions || top == 0 || size() == 0) return {};
  top = std::min(top, size());
  if (how == Search::automatic) how = its_.graph.rows.empty() ? Search::scanned : Search::graph;
  if (how == Search::scanned) how = size() < kCodedFrom ? Search::exact : Search::coded;
  if (how == Search::graph) return search_graph(question, top, threshold);
  return how == Search::exact ? search_exact(question, top, threshold) : search_coded(question, top, threshold);
}

std::vector<Match> VectorStore::search_exact(std::span<const float> question, std::size_t top, float threshold) const {
  const Kernels& kernels = best_kernels();
  BestMatches best(top, threshold);
  std::array<float, kRowsAtOnce> products;
  for (std::size_t first = 0; first < size(); first += kRowsAtOnce) {
    const std::size_t count = std::min(kRowsAtOnce, size() - first);
    kernels.multiply(its_.vectors.data() + first * its_.dimensions, count, its_.dimensions, question.data(),
                     products.data());
    for (std::size_t row = 0; row < count; ++row) {
      if (products[row] >= best.bar()) best.add({first + row, products[row]});
    }
  }
  return std::move(best).sorted();
}

std::vector<Match> VectorStore::search_coded(std::span<const float> question, std::size_t top, float threshold) const {
  const Kernels& kernels = best_kernels();
  const std::size_t stride = code_stride(its_.dimensions);
  const CodedQuestion coded = encode_question(question, stride);
  BestMatches candidates(std::min(candidates_for(top), size()), -std::numeric_limits<float>::infinity());
  std::array<std::int32_t, kRowsAtOnce> products;
  for (std::size_t first = 0; first < size(); first += kRowsAtOnce) {
    const std::size_t count = std::min(kRowsAtOnce, size() - first);
    kernels.multiply_codes(its_.codes.data() + first * stride, count, stride, coded, products.data());
    for (std::size_t row = 0; row < count; ++row) {
      const float score = static_cast<float>(products[row]) * its_.chunks[first + row].code_scale;
      if (score >= candidates.bar()) candidates.add({first + row, score});
    }
  }
  return ranked(std::move(candidates).unsorted(), question, top, threshold);
}

std::vector<Match> VectorStore::search_graph(std::span<const float> question, std::size_t top, float threshold) const {
  const Kernels& kernels = best_kernels();
  const std::size_t stride = code_stride(its_.dimensions);
  const CodedQuestion coded = encode_question(question, stride);
  const auto score = [&](std::uint32_t chunk) {
    std::int32_t product = 0;
    kernels.multiply_codes(its_.codes.data() + chunk * stride, 1, stride, coded, &product);
    return static_cast<float>(product) * its_.chunks[chunk].code_scale;
  };
  const auto fetch = [&](std::uint32_t chunk) {
    const std::uint8_t* code = its_.codes.data() + chunk * stride;
    for (std::size_t at = 0; at < stride; at += kSectionAlignment) __builtin_prefetch(code + at);
    __builtin_prefetch(&its_.chunks[chunk]);
  };
  const std::size_t width = std::max(kLeastGraphWidth, kGraphWidthPerMatch * top);
  return ranked(search_graph_by(its_.graph, size(), width, score, fetch), question, top, threshold);
}

std::vector<Match> VectorStore::ranked(std::vector<Match> candidates, std::span<const float> question, std::size_t top,
                                       float threshold) const {
  BestMatches best(top, threshold);
  for (Match match : candidates) {
    best_kernels().multiply(vector(match.chunk).data(), 1, its_.dimensions, question.data(), &match.score);
    best.add(match);
  }
  return std::move(best).sorted();
}

}  // namespace chatcore::retrieval
