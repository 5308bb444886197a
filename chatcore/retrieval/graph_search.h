#pragma once
// The way through a graph to the chunks with the best scores. Pure. The graph may change under it (a mapped file that
// is overwritten in its place), so it believes no link.

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <limits>
#include <utility>
#include <vector>

#include "chatcore/retrieval/best_matches.h"
#include "chatcore/retrieval/graph.h"

namespace chatcore::retrieval {

// From the highest layer down, in each to the chunk that no neighbour is better than. Returns kNoLink for no graph.
template <class Score>
std::uint32_t entry_to_rows(const GraphView& graph, std::size_t chunks, const Score& score) {
  std::uint32_t at = 0;
  while (at < graph.steps.size()) {
    if (graph.steps[at].chunk >= chunks) return kNoLink;
    float best = score(graph.steps[at].chunk);
    for (bool moved = true; moved;) {
      moved = false;
      const GraphStep step = graph.steps[at];
      for (const std::uint32_t next : step.steps) {
        if (next >= graph.steps.size() || graph.steps[next].chunk >= chunks) break;
        const float its = score(graph.steps[next].chunk);
        if (!(its > best)) continue;
        best = its;
        at = next;
        moved = true;
      }
    }
    const GraphStep step = graph.steps[at];
    if (step.below == kNoLink || step.below <= at) return step.chunk;
    at = step.below;
  }
  return kNoLink;
}

// The `width` best of the chunks met on the way, best first. `score(chunk)` says how good a chunk is; `fetch(chunk)`
// is told a little before.
template <class Score, class Fetch>
std::vector<Match> search_graph_by(const GraphView& graph, std::size_t chunks, std::size_t width, const Score& score,
                                   const Fetch& fetch) {
  const std::uint32_t entry = entry_to_rows(graph, chunks, score);
  if (entry >= chunks || graph.rows.size() != chunks) return {};
  std::vector<bool> seen(chunks);
  BestMatches best(std::min(width, chunks), -std::numeric_limits<float>::infinity());
  const auto is_worse = [](const Match& a, const Match& b) { return is_better(b, a); };
  std::vector<Match> open;  // a heap, the best in front
  const auto meet = [&](std::uint32_t chunk) {
    const Match match{chunk, score(chunk)};
    if (!(match.score >= best.bar())) return;
    best.add(match);
    open.push_back(match);
    std::push_heap(open.begin(), open.end(), is_worse);
  };
  seen[entry] = true;
  meet(entry);
  std::array<std::uint32_t, kGraphLinks> fresh;
  while (!open.empty() && open.front().score >= best.bar()) {
    std::pop_heap(open.begin(), open.end(), is_worse);
    const LinkRow& row = graph.rows[open.back().chunk];
    open.pop_back();
    std::size_t count = 0;
    for (const std::uint32_t next : row.chunks) {
      if (next >= chunks) break;
      if (seen[next]) continue;
      seen[next] = true;
      fetch(next);
      fresh[count++] = next;
    }
    for (std::size_t i = 0; i < count; ++i) meet(fresh[i]);
  }
  return std::move(best).sorted();
}

}  // namespace chatcore::retrieval
