#pragma once
// Turns text into a vector, so that texts about the same thing lie close to each other. The store keeps the name of
// the embedder that made it, since vectors of two embedders cannot be compared.

#include <cstddef>
#include <memory>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"

namespace chatcore::retrieval {

// Thread-safe.
class Embedder {
 public:
  virtual ~Embedder() = default;

  // Names the vectors: it changes whenever the same text would get another vector.
  [[nodiscard]] virtual std::string_view name() const = 0;
  [[nodiscard]] virtual std::size_t dimensions() const = 0;

  // A vector of unit length and dimensions() numbers; all zeros for a text without a single word. `weights` say how
  // rare each word is in the store that is searched (VectorStore::weights()); empty for the texts of a store and where
  // there is none. Models have no use for them. Errors: those of a backend that is asked over the network; the
  // built-in embedder has none.
  [[nodiscard]] virtual base::Result<std::vector<float>> embed(std::string_view text,
                                                               std::span<const float> weights) const = 0;
  [[nodiscard]] base::Result<std::vector<float>> embed(std::string_view text) const { return embed(text, {}); }

  // One vector a text, in their order; one request where a backend is asked. May block. As given here, embed() for
  // each of them.
  [[nodiscard]] virtual base::Result<std::vector<std::vector<float>>> embed_batch(
      std::span<const std::string_view> texts, std::span<const float> weights) const;
};

// The embedder that needs no model, key or network; see hashed_embedder.h.
std::shared_ptr<const Embedder> make_built_in_embedder();

}  // namespace chatcore::retrieval
