#include "chatcore/retrieval/retriever.h"

#include <algorithm>
#include <chrono>
#include <utility>

#include "base/log.h"
#include "base/utf8.h"
#include "chatcore/retrieval/best_matches.h"
#include "chatcore/retrieval/lexical.h"
#include "chatcore/retrieval/query_embedder.h"
#include "chatcore/retrieval/vector_file.h"
#include "chatcore/retrieval/vector_store.h"

namespace chatcore::retrieval {
namespace {

using base::Code;

// A message may be a megabyte of pasted log; embedding all of it would hold up the loop for 60 ms.
constexpr std::size_t kMaxQuestionBytes = 8192;

// Chunks that are put in order by their words, of which the best are returned. Of 38 000 chunks the built-in embedder's
// first 64 had too few of those that the words find; more than 256 added nothing (docs/measurements.md).
constexpr std::size_t kCandidates = 256;
// What the words have to say beside the vector, measured on the questions of the hit rate test.
constexpr float kLexicalShare = 0.8F;

// Searches that wait for the thread; one more is done by the one who asks.
constexpr std::size_t kWaitingSearches = 64;

// Questions of at most 8 KiB that wait for the store to be loaded, which takes some milliseconds.
constexpr std::size_t kMostWaiting = 1024;

}  // namespace

Retriever::Retriever(RetrieverOptions options, std::shared_ptr<QueryEmbedder> embedder)
    : options_(std::move(options)),
      embedder_(std::move(embedder)),
      cache_(options_.cache_bytes),
      searcher_("search", kWaitingSearches),
      loader_("load-store", 1) {}

Retriever::~Retriever() = default;

bool Retriever::is_cpu_bound() const { return embedder_->is_cpu_bound(); }

void Retriever::retrieve(std::string question, Done done) {
  auto generation = current();
  if (!generation) return done(base::fail(generation.error()));
  question.resize(base::utf8_prefix(question, kMaxQuestionBytes).size());
  const bool may_have_one = !generation->store && !options_.store_file.empty();
  if (may_have_one) return wait_for_store(std::move(question), std::move(done));
  retrieve_from(std::move(*generation), std::move(question), std::move(done));
}

void Retriever::wait_for_store(std::string question, Done done) {
  bool is_full = false;
  {
    const std::lock_guard lock(mutex_);
    is_full = waiting_.size() >= kMostWaiting;
    if (!is_full) waiting_.push_back({std::move(question), std::move(done)});
  }
  if (is_full) return done(base::fail(Code::exhausted, "too many questions wait for the vector store"));
  load_on_worker();
}

void Retriever::load_on_worker() {
  // Refused while such a job waits, which will do the same.
  (void)loader_.submit([this] {
    (void)refresh();
    answer_waiting();
  });
}

void Retriever::answer_waiting() {
  std::vector<Waiting> waiting;
  {
    const std::lock_guard lock(mutex_);
    waiting.swap(waiting_);
  }
  for (Waiting& one : waiting) {
    auto generation = current();
    if (!generation)
      one.done(base::fail(generation.error()));
    else  // without a store when the file is not there; ingested later, it will be found
      retrieve_from(std::move(*generation), std::move(one.question), std::move(one.done));
  }
}

void Retriever::retrieve_from(Generation generation, std::string question, Done done) {
  if (!generation.store || generation.store->size() == 0) return done(std::vector<RetrievedChunk>());
  if (auto known = cache_.find(question, generation.number)) {
    return search_with(std::move(generation), std::move(question), std::move(known), std::move(done));
  }
  const std::span<const float> weights = generation.store->weights();
  embedder_->embed({question}, weights, [this, generation, question, done = std::move(done)](auto given) {
    take_note_of(given ? base::Status() : base::fail(given.error()));
    if (!given) return done(base::fail(given.error().within("embed the question")));
    if (given->size() != 1) return done(base::fail(Code::internal, "the embedder gave another number of vectors"));
    auto vector = std::make_shared<const std::vector<float>>(std::move(given->front()));
    cache_.keep(question, generation.number, vector);
    search_with(generation, question, std::move(vector), done);
  });
}

// Whoever asked gets an answer all the same, so nobody but the operator can notice.
void Retriever::take_note_of(const base::Status& embedding) {
  if (embedding) {
    if (embedder_fails_ && embedder_fails_.exchange(false)) base::log_info("Questions get their passages again");
    return;
  }
  ++failed_questions_;
  if (embedder_fails_.exchange(true)) return;
  base::log_error("Questions are answered without passages", {{"error", embedding.error().message}});
}

void Retriever::search_with(Generation generation, std::string question, QueryCache::Vector vector, Done done) {
  const bool is_quick = generation.store->size() <= options_.search_inline_up_to;
  auto job = [this, store = std::move(generation.store), question = std::move(question), vector = std::move(vector),
              done = std::move(done)] { done(search(*store, question, *vector)); };
  if (is_quick || !searcher_.submit(job)) job();
}

std::vector<RetrievedChunk> Retriever::search(const VectorStore& texts, std::string_view question,
                                              const std::vector<float>& vector) const {
  const auto began = std::chrono::steady_clock::now();
  std::vector<RetrievedChunk> chunks;
  if (options_.top == 0) return chunks;
  const LexicalQuestion words(question, texts.weights());
  // One that comes near enough by either counts: the words say nothing of a misspelt question, or of compounds.
  BestMatches best(options_.top, -1);
  const Search how = options_.index == IndexChoice::exact ? Search::scanned : Search::automatic;
  for (Match match : texts.search(vector, std::max(kCandidates, options_.top), -1, how)) {
    const float shared =
        words.says_anything() ? words.match(texts.terms(match.chunk), texts.usual_terms()) : match.score;
    if (std::max(match.score, shared) < options_.threshold) continue;
    match.score = (1 - kLexicalShare) * match.score + kLexicalShare * shared;
    best.add(match);
  }
  for (const Match& match : std::move(best).sorted()) {
    chunks.push_back({std::string(texts.text(match.chunk)), std::string(texts.source(match.chunk)), match.score});
  }
  if (options_.on_search) options_.on_search(std::chrono::steady_clock::now() - began);
  return chunks;
}

// Loaded, this is a lock for as long as it takes to copy a pointer.
base::Result<Retriever::Generation> Retriever::current() const {
  const std::lock_guard lock(mutex_);
  if (!generation_.store && failure_) return base::fail(*failure_);
  return generation_;
}

base::Status Retriever::warm_up() {
  if (options_.store_file.empty()) return {};
  const std::lock_guard loading(loading_);
  {
    const std::lock_guard lock(mutex_);
    if (generation_.store) return {};
    failure_.reset();
  }
  tried_.reset();
  return load_if_new();
}

base::Status Retriever::refresh() {
  if (options_.store_file.empty()) return {};
  const std::lock_guard loading(loading_);
  return load_if_new();
}

base::Status Retriever::load_if_new() {
  const auto identity = identify(options_.store_file);
  if (!identity && identity.error().code == Code::not_found) return {};  // what is loaded stays
  if (identity && identity == tried_) return {};
  if (identity) tried_ = *identity;
  auto loaded = identity ? load_vector_store(options_.store_file, embedder_->name(), embedder_->dimensions())
                         : base::Result<VectorStore>(base::fail(identity.error()));
  if (!loaded && loaded.error().code == Code::not_found) return {};  // removed in between
  ++loads_;
  if (!loaded) {
    ++failed_loads_;
    const std::lock_guard lock(mutex_);
    base::log_warning(generation_.store ? "New vector store not taken, the old one goes on" : "Vector store not taken",
                      {{"error", loaded.error().message}});
    if (!generation_.store) failure_ = loaded.error();
    return base::fail(loaded.error());
  }
  auto store = std::make_shared<const VectorStore>(std::move(*loaded));
  take_note_of(*store);
  const std::lock_guard lock(mutex_);
  failure_.reset();
  ++generation_.number;
  generation_.store.swap(store);  // the old one is unmapped after the lock, or by its last reader
  return {};
}

void Retriever::take_note_of(const VectorStore& store) {
  chunks_ = store.size();
  mapped_bytes_ = store.bytes();
  graph_bytes_ = store.graph_bytes();
  base::log_info("vector store loaded", {{"file", options_.store_file},
                                         {"chunks", store.size()},
                                         {"bytes", store.bytes()},
                                         {"index_bytes", store.graph_bytes()}});
  if (options_.index == IndexChoice::graph && store.size() != 0 && store.graph_bytes() == 0) {
    base::log_warning("The vector store has no index and is searched exactly; run `chatcore ingest` again to make one",
                      {{"file", options_.store_file}});
  }
}

void Retriever::watch(base::EventLoop& loop, std::chrono::nanoseconds interval) {
  if (options_.store_file.empty()) return;
  watch_ = loop.every(interval, [this](int) { load_on_worker(); });
}

}  // namespace chatcore::retrieval
