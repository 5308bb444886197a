#include "chatcore/retrieval/embedder.h"

#include <utility>

namespace chatcore::retrieval {

base::Result<std::vector<std::vector<float>>> Embedder::embed_batch(std::span<const std::string_view> texts,
                                                                    std::span<const float> weights) const {
  std::vector<std::vector<float>> vectors;
  vectors.reserve(texts.size());
  for (const std::string_view text : texts) {
    auto vector = embed(text, weights);
    if (!vector) return base::fail(vector.error());
    vectors.push_back(std::move(*vector));
  }
  return vectors;
}

}  // namespace chatcore::retrieval
