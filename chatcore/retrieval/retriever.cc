#include "chatcore/retrieval/retriever.h"

#include "base/log.h"
#include "chatcore/retrieval/embedder.h"
#include "chatcore/retrieval/utf8.h"
#include "chatcore/retrieval/vector_file.h"
#include "chatcore/retrieval/vector_store.h"

namespace chatcore::retrieval {
namespace {

// A message may be a megabyte of pasted log; embedding all of it would hold up the loop for 60 ms.
constexpr std::size_t kMaxQuestionBytes = 8192;

}  // namespace

Retriever::Retriever(RetrieverOptions options, std::shared_ptr<const Embedder> embedder)
    : options_(std::move(options)), embedder_(std::move(embedder)) {}

Retriever::~Retriever() = default;

base::Result<std::vector<Passage>> Retriever::retrieve(std::string_view question) {
  const auto loaded = store();
  if (!loaded) return base::fail(loaded.error());
  const VectorStore& texts = **loaded;
  std::vector<Passage> passages;
  if (texts.size() == 0) return passages;
  const auto vector = embedder_->embed(utf8_prefix(question, kMaxQuestionBytes), texts.contents().weights);
  if (!vector) return base::fail(vector.error().within("embed the question"));
  for (const Match& match : texts.search(*vector, options_.top, options_.threshold)) {
    passages.push_back({std::string(texts.text(match)), std::string(texts.source(match)), match.score});
  }
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
  auto loaded = load_vector_store(options_.store_file, *embedder_);
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
