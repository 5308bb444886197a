#include "chatcore/retrieval/graph.h"

#include <algorithm>

namespace chatcore::retrieval {

Graph copy_of(const GraphView& graph) {
  return {.rows = {graph.rows.begin(), graph.rows.end()}, .steps = {graph.steps.begin(), graph.steps.end()}};
}

bool is_sound(const GraphView& graph, std::size_t chunks) {
  if (graph.rows.empty()) return graph.steps.empty();
  if (graph.rows.size() != chunks || graph.steps.empty() || graph.steps.size() >= kNoLink) return false;
  const auto leads_below = [](std::size_t bound) {
    return [bound](std::uint32_t link) { return link == kNoLink || link < bound; };
  };
  for (const LinkRow& row : graph.rows) {
    if (!std::ranges::all_of(row.chunks, leads_below(chunks))) return false;
  }
  for (std::size_t at = 0; at < graph.steps.size(); ++at) {
    const GraphStep& step = graph.steps[at];
    const bool descends = step.below == kNoLink || (step.below > at && step.below < graph.steps.size());
    if (step.chunk >= chunks || !descends) return false;
    if (!std::ranges::all_of(step.steps, leads_below(graph.steps.size()))) return false;
  }
  return true;
}

}  // namespace chatcore::retrieval
