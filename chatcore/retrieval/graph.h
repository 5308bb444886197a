#pragma once
// Which chunks are near each other: a hierarchical navigable small world (Malkov and Yashunin 2016), which a search
// follows to the best chunks without looking at most of the others. It is built once, by hnswlib when texts are
// ingested, and stored with them, as it lies in memory. It holds places of chunks only, no vectors.
//
//   layer 2        o-----------o          a step each, from the highest layer down
//   layer 1    o---o---o-------o
//   chunks   o-o-o-o-o-o-o-o-o-o-o        a row of links each
//
// What it leads to is nearly always what looking at everything finds; see docs/measurements.md.

#include <array>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <span>
#include <vector>

#include "base/result.h"

namespace chatcore::retrieval {

constexpr std::uint32_t kNoLink = 0xFFFFFFFF;
constexpr std::size_t kGraphLinks = 32;
constexpr std::size_t kStepLinks = kGraphLinks / 2;

// Chunks near this row's own; kNoLink fills it up.
struct LinkRow {
  std::array<std::uint32_t, kGraphLinks> chunks;
};
static_assert(sizeof(LinkRow) == 128);

// A chunk's place in one of the layers above. The first step is where every search begins.
struct GraphStep {
  std::uint32_t chunk = 0;
  std::uint32_t below = kNoLink;                // the same chunk's step in the next layer; kNoLink: go on by its row
  std::array<std::uint32_t, kStepLinks> steps;  // of this layer; kNoLink fills it up
};
static_assert(sizeof(GraphStep) == 72);

struct Graph {
  std::vector<LinkRow> rows;
  std::vector<GraphStep> steps;  // at least one where there are rows
};

struct GraphView {
  std::span<const LinkRow> rows;
  std::span<const GraphStep> steps;

  [[nodiscard]] std::size_t bytes() const { return rows.size_bytes() + steps.size_bytes(); }
};

Graph copy_of(const GraphView& graph);

// Whether every link leads somewhere and every search ends; so it does in no graph at all.
bool is_sound(const GraphView& graph, std::size_t chunks);

// Takes long; see docs/measurements.md. The same vectors give the same graph. `progress` is told every few chunks how
// many are linked; may be empty. Errors: exhausted (no memory for its codes and some 200 bytes a chunk, or too many
// chunks).
base::Result<Graph> build_graph(std::span<const float> vectors, std::size_t dimensions,
                                const std::function<void(std::size_t)>& progress);

}  // namespace chatcore::retrieval
