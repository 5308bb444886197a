#pragma once
// Finds the passages of the ingested texts that bear on a question. What it finds goes into that one prompt,
// never into the stored history.
//
// The vector store is loaded once, by whoever asks first (single flight), and shared read-only from then on.

#include <atomic>
#include <cstdint>
#include <functional>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <vector>

#include "base/result.h"
#include "base/units.h"

namespace chatcore::retrieval {

class QueryEmbedder;  // text → unit vector; see query_embedder.h
class VectorStore;    // chunks and their vectors, immutable; see vector_store.h

struct Passage {
  std::string text;
  std::string source;  // the file it came from
  float score = 0;     // cosine similarity, -1..1
};

struct RetrieverOptions {
  std::string store_file;  // empty or missing file: no passages, which is not an error
  std::size_t top = 5;
  float threshold = 0.1F;
  std::function<void(base::Duration took)> on_search = {};  // told of every search, without the embedding; may be empty
};

// Thread-safe.
class Retriever {
 public:
  Retriever(RetrieverOptions options, std::shared_ptr<QueryEmbedder> embedder);
  ~Retriever();

  // The best passages first, at most `top`, none below `threshold`. Of a question longer than 8 KiB the beginning
  // counts. `done` is called exactly once, before retrieve() returns or later on another thread. Errors: corrupt (the
  // store file is broken: the caller says so and goes on without), those of the embedder.
  void retrieve(std::string question, std::function<void(base::Result<std::vector<Passage>>)> done);

  // Loads now if nobody has; for start-up, so that the first question does not wait. A load that failed is not tried
  // again by retrieve(), which would read a broken file for every question, but it is by warm_up().
  base::Status warm_up();
  // How often a file was read, with or without success. A missing file is looked for each time, and not counted.
  [[nodiscard]] std::uint64_t loads() const { return loads_.load(); }
  [[nodiscard]] std::size_t chunks() const { return chunks_.load(); }

 private:
  base::Result<std::shared_ptr<const VectorStore>> store();
  std::vector<Passage> search(const VectorStore& texts, const std::vector<float>& question) const;

  const RetrieverOptions options_;
  const std::shared_ptr<QueryEmbedder> embedder_;
  std::mutex loading_;  // held while the file is read, so that later askers wait for the first one's result
  std::shared_ptr<const VectorStore> store_;
  std::optional<base::Error> failure_;
  std::atomic<std::size_t> chunks_{0};
  std::atomic<std::uint64_t> loads_{0};
};

}  // namespace chatcore::retrieval
