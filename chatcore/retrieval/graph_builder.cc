#include <algorithm>
#include <memory>
#include <new>
#include <stdexcept>

// Its own arithmetic is of no use here, and is defined in the header for one file of a program only.
#define NO_MANUAL_VECTORIZATION
#include <hnswlib/hnswlib.h>

#include "chatcore/retrieval/graph.h"
#include "chatcore/retrieval/scan.h"
#include "chatcore/retrieval/vector_file_format.h"

namespace chatcore::retrieval {
namespace {

using Builder = hnswlib::HierarchicalNSW<float>;
using Row = std::uint32_t;

// How many chunks are looked at to find a new one's neighbours: the usual choice, which more does not improve much.
constexpr std::size_t kBuildWidth = 200;
constexpr std::size_t kChunksAtOnce = 512;

// hnswlib keeps the number of a row and not its vector, and compares rows by their codes: most of building is waiting
// for memory, of which they take a quarter. For one thread.
class RowSpace final : public hnswlib::SpaceInterface<float> {
 public:
  RowSpace(std::span<const float> vectors, std::size_t dimensions) : stride_(code_stride(dimensions)) {
    const std::size_t rows = vectors.size() / dimensions;
    codes_.resize(rows * stride_);
    for (std::size_t row = 0; row < rows; ++row) {
      scales_.push_back(
          encode_row(vectors.subspan(row * dimensions, dimensions), std::span(codes_).subspan(row * stride_, stride_)));
    }
  }

  std::size_t get_data_size() override { return sizeof(Row); }
  hnswlib::DISTFUNC<float> get_dist_func() override { return distance; }
  void* get_dist_func_param() override { return this; }
  // The row that is compared with most others next.
  void expect(Row row) { remember(row, expected_); }

 private:
  struct Remembered {
    Row row = kNoLink;
    CodedQuestion question;
  };

  static float distance(const void* a, const void* b, const void* space) {
    // Its parameter is what get_dist_func_param() gave, which is not constant.
    auto& self = *static_cast<RowSpace*>(const_cast<void*>(space));
    return 1 - self.product(*static_cast<const Row*>(a), *static_cast<const Row*>(b));
  }
  float product(Row a, Row b) {
    if (a == expected_.row) return multiply(expected_, b);
    if (b == expected_.row) return multiply(expected_, a);
    if (b != other_.row) remember(b, other_);
    return multiply(other_, a);
  }
  float multiply(const Remembered& one, Row row) {
    std::int32_t steps = 0;
    best_kernels().multiply_codes(codes_.data() + row * stride_, 1, stride_, one.question, &steps);
    return static_cast<float>(steps) * one.question.scale * scales_[row];
  }
  void remember(Row row, Remembered& place) const {
    place.row = row;
    place.question = question_of_row(std::span(codes_).subspan(row * stride_, stride_), scales_[row]);
  }

  std::size_t stride_;
  std::vector<std::uint8_t> codes_;
  std::vector<float> scales_;
  Remembered expected_;
  Remembered other_;
};

template <std::size_t Size>
void take_links(const Builder& builder, hnswlib::linklistsizeint* list, std::array<std::uint32_t, Size>& links) {
  links.fill(kNoLink);
  const std::size_t count = std::min<std::size_t>(builder.getListCount(list), Size);
  std::copy_n(list + 1, count, links.begin());
}

// Every chunk's place in a layer, for those that have one.
std::vector<std::vector<Row>> chunks_by_layer(const Builder& builder) {
  std::vector<std::vector<Row>> layers(static_cast<std::size_t>(builder.maxlevel_) + 1);
  for (Row row = 0; row < builder.cur_element_count; ++row) {
    for (std::size_t layer = 1; layer <= static_cast<std::size_t>(builder.element_levels_[row]); ++layer) {
      layers[layer].push_back(row);
    }
  }
  // Where a search begins stands first.
  if (layers.size() == 1) return {{}, {builder.enterpoint_node_}};
  const auto entry = std::ranges::find(layers.back(), builder.enterpoint_node_);
  std::rotate(layers.back().begin(), entry, entry + 1);
  return layers;
}

std::vector<GraphStep> take_steps(const Builder& builder) {
  const auto layers = chunks_by_layer(builder);
  std::vector<GraphStep> steps;
  std::vector<std::uint32_t> place(builder.cur_element_count, kNoLink);  // of a chunk's step in the layer at hand
  for (std::size_t layer = layers.size() - 1; layer > 0; --layer) {
    const std::size_t first = steps.size();
    for (const Row chunk : layers[layer]) {
      const auto here = static_cast<std::uint32_t>(steps.size());
      if (place[chunk] != kNoLink) steps[place[chunk]].below = here;
      place[chunk] = here;
      steps.push_back({.chunk = chunk, .below = kNoLink, .steps = {}});
      steps.back().steps.fill(kNoLink);
    }
    for (std::size_t at = first; at < steps.size(); ++at) {
      const Row chunk = steps[at].chunk;
      if (static_cast<std::size_t>(builder.element_levels_[chunk]) < layer) continue;  // the only step there is
      take_links(builder, builder.get_linklist(chunk, static_cast<int>(layer)), steps[at].steps);
      for (std::uint32_t& link : steps[at].steps) link = link == kNoLink ? kNoLink : place[link];
    }
  }
  return steps;
}

}  // namespace

base::Result<Graph> build_graph(std::span<const float> vectors, std::size_t dimensions,
                                const std::function<void(std::size_t)>& progress) {
  const std::size_t chunks = dimensions == 0 ? 0 : vectors.size() / dimensions;
  if (chunks == 0) return Graph();
  if (chunks >= kNoLink) return base::fail(base::Code::exhausted, "too many chunks for a graph");
  try {
    RowSpace space(vectors, dimensions);
    Builder builder(&space, chunks, kStepLinks, kBuildWidth);
    for (Row row = 0; row < chunks; ++row) {
      space.expect(row);
      builder.addPoint(&row, row);
      if (progress && (row + 1) % kChunksAtOnce == 0) progress(row + 1);
    }
    Graph graph;
    graph.rows.resize(chunks);
    for (Row row = 0; row < chunks; ++row) take_links(builder, builder.get_linklist0(row), graph.rows[row].chunks);
    graph.steps = take_steps(builder);
    if (progress) progress(chunks);
    return graph;
  } catch (const std::exception& error) {
    return base::fail(base::Code::exhausted, std::string("link chunks: ") + error.what());
  }
}

}  // namespace chatcore::retrieval
