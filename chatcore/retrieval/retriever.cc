#include "chatcore/retrieval/retriever.h"

#include <chrono>
#include <utility>

#include "base/log.h"
#include "chatcore/retrieval/query_embedder.h"
#include "chatcore/retrieval/utf8.h"
#include "chatcore/retrieval/vector_file.h"
#include "chatcore/retrieval/vector_store.h"

namespace chatcore::retrieval {
namespace {

// A message may be a megabyte of pasted log; embedding all of it would hold up the loop for 60 ms.
constexpr std::size_t kMaxQuestionBytes = 8192;

}  // namespace

Retriever::Retriever(RetrieverOptions options, std::shared_ptr<QueryEmbedder> embedder)
    : options_(std::move(options)), embedder_(std::move(embedder)) {}

Retriever::~Retriever() = default;

void Retriever::retrieve(std::string question, std::function<void(base::Result<std::vector<Passage>>)> done) {
  auto loaded = store();
  if (!loaded) return done(base::fail(loaded.error()));
  auto texts = std::move(*loaded);
  if (texts->size() == 0) return done(std::vector<Passage>());
  question.resize(utf8_prefix(question, kMaxQuestionBytes).size());
  const std::span<const float> weights = texts->weights();
  embedder_->embed({std::move(question)}, weights, [this, texts, done = std::move(done)](auto vectors) {
    if (!vectors) return done(base::fail(vectors.error().within("embed the question")));
    if (vectors->size() != 1) return done(base::fail(base::Code::internal, "the embedder gave no vector"));
    done(search(*texts, vectors->front()));
  });
}

std::vector<Passage> Retriever::search(const VectorStore& texts, const std::vector<float>& question) const {
  const auto began = std::chrono::steady_clock::now();
  std::vector<Passage> passages;
  for (const Match& match : texts.search(question, options_.top, options_.threshold)) {
    passages.push_back({std::string(texts.text(match.chunk)), std::string(texts.source(match.chunk)), match.score});
  }
  if (options_.on_search) options_.on_search(std::chrono::steady_clock::now() - began);
  return passages;
}

base::Status Retriever::warm_up() {
  {
    const std::lock_guard lock(loading_);
    failure_.reset();
  }
  const auto loaded = store();
  if (!loaded) return base::fail(loaded.error());
  return {};
}

// Loaded, this is a lock for as long as it takes to copy a pointer.
base::Result<std::shared_ptr<const VectorStore>> Retriever::store() {
  static const auto kNoTexts = std::make_shared<const VectorStore>();
  if (options_.store_file.empty()) return kNoTexts;
  const std::lock_guard lock(loading_);
  if (store_) return store_;
  if (failure_) return base::fail(*failure_);
  auto loaded = load_vector_store(options_.store_file, embedder_->name(), embedder_->dimensions());
  if (!loaded && loaded.error().code == base::Code::not_found) return kNoTexts;  // ingested later, it will be found
  ++loads_;
  if (!loaded) {
    failure_ = loaded.error();
    return base::fail(*failure_);
  }
  store_ = std::make_shared<const VectorStore>(std::move(*loaded));
  chunks_ = store_->size();
  base::log_info("vector store loaded", {{"file", options_.store_file}, {"chunks", store_->size()}});
  return store_;
}

}  // namespace chatcore::retrieval
