#pragma once
// Turns questions into vectors while the server runs, so it never blocks: whoever asks hands over what is to follow.
// Its blocking sister, for ingest, is Embedder (embedder.h); both of one name() give the same vectors.

#include <cstddef>
#include <functional>
#include <memory>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"

namespace chatcore::retrieval {

class Embedder;

// Thread-safe.
class QueryEmbedder {
 public:
  // One vector a text, in their order, each of unit length and dimensions() numbers.
  using Done = std::function<void(base::Result<std::vector<std::vector<float>>>)>;

  virtual ~QueryEmbedder() = default;
  [[nodiscard]] virtual std::string_view name() const = 0;
  [[nodiscard]] virtual std::size_t dimensions() const = 0;
  // Waits for nothing but this machine's processor.
  [[nodiscard]] virtual bool is_cpu_bound() const = 0;

  // `weights` are those of the store that is searched (see Embedder::embed); empty, as in the second form: no store.
  // They are read before embed() returns. `done` is called exactly once, before embed() returns or later on
  // another thread. Errors: those of a backend; the built-in embedder has none.
  virtual void embed(std::vector<std::string> texts, std::span<const float> weights, Done done) = 0;
  void embed(std::vector<std::string> texts, Done done) { embed(std::move(texts), {}, std::move(done)); }
};

// Answers inline with what `embedder` says, which must be quick.
std::shared_ptr<QueryEmbedder> make_inline_query_embedder(std::shared_ptr<const Embedder> embedder);
// The built-in embedder's.
std::shared_ptr<QueryEmbedder> make_built_in_query_embedder();

}  // namespace chatcore::retrieval
