#include "chatcore/retrieval/query_embedder.h"

#include <utility>

#include "chatcore/retrieval/embedder.h"

namespace chatcore::retrieval {
namespace {

class InlineQueryEmbedder final : public QueryEmbedder {
 public:
  explicit InlineQueryEmbedder(std::shared_ptr<const Embedder> embedder) : embedder_(std::move(embedder)) {}
  [[nodiscard]] std::string_view name() const override { return embedder_->name(); }
  [[nodiscard]] std::size_t dimensions() const override { return embedder_->dimensions(); }
  [[nodiscard]] bool is_cpu_bound() const override { return true; }
  using QueryEmbedder::embed;
  void embed(std::vector<std::string> texts, std::span<const float> weights, Done done) override {
    const std::vector<std::string_view> views(texts.begin(), texts.end());
    done(embedder_->embed_batch(views, weights));
  }

 private:
  const std::shared_ptr<const Embedder> embedder_;
};

}  // namespace

std::shared_ptr<QueryEmbedder> make_inline_query_embedder(std::shared_ptr<const Embedder> embedder) {
  return std::make_shared<InlineQueryEmbedder>(std::move(embedder));
}

std::shared_ptr<QueryEmbedder> make_built_in_query_embedder() {
  return make_inline_query_embedder(make_built_in_embedder());
}

}  // namespace chatcore::retrieval
