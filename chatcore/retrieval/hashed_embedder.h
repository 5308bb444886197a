#pragma once
// The built-in embedder: the stems of words and the three-letter pieces of words, hashed with a sign into 384
// dimensions ("feature hashing", Weinberger et al. 2009). It knows no synonyms, but it needs no model, takes
// microseconds, and gives the same vector on every machine. Words that the store knows to be rare weigh more.

#include "chatcore/retrieval/embedder.h"

namespace chatcore::retrieval {

class HashedEmbedder final : public Embedder {
 public:
  [[nodiscard]] std::string_view name() const override { return "leakguard-hashed-384-3"; }
  [[nodiscard]] std::size_t dimensions() const override { return 384; }
  using Embedder::embed;
  [[nodiscard]] base::Result<std::vector<float>> embed(std::string_view text,
                                                       std::span<const float> weights) const override;
};

}  // namespace chatcore::retrieval
