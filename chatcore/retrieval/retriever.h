#pragma once
// Finds the chunks of the ingested texts that bear on a question. What it finds goes into that one prompt,
// never into the stored history.
//
//   question → vector (cached) → the best chunks by vector → put in order with the words they share → the best of these
//
// The vector store is mapped once, by the retriever's own worker, and shared read-only; questions that come before wait
// for it. When another file is put in its place (`chatcore ingest` renames one there) the new one is loaded beside it
// and swapped in: a question under way goes on with the store it began with, which is unmapped when the last such
// question has left it. A new file that is broken is reported, and the old store goes on.

#include <atomic>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/event_loop.h"
#include "base/result.h"
#include "base/units.h"
#include "base/worker.h"
#include "chatcore/retrieval/index_choice.h"
#include "chatcore/retrieval/mapped_file.h"
#include "chatcore/retrieval/query_cache.h"

namespace chatcore::retrieval {

class QueryEmbedder;  // text → unit vector; see query_embedder.h
class VectorStore;    // chunks and their vectors, immutable; see vector_store.h

struct RetrievedChunk {
  std::string text;
  std::string source;  // the file it came from
  float score = 0;     // how well it fits, 1 at best; what stands in no relation to the question is near 0
};

struct RetrieverOptions {
  std::string store_file;  // empty or missing file: no chunks, which is not an error
  std::size_t top = 5;
  float threshold = 0.1F;
  std::size_t cache_bytes = 4u << 20;  // for the vectors of questions
  IndexChoice index = IndexChoice::automatic;
  // A larger store is searched on a thread of the retriever's own, since a search of it would hold up a loop's for
  // more than a millisecond (100 000 chunks: 2.3 ms).
  std::size_t search_inline_up_to = 50'000;
  std::function<void(base::Duration took)> on_search = {};  // told of every search, without embedding; may be empty
};

// Thread-safe.
class Retriever {
 public:
  using Done = std::function<void(base::Result<std::vector<RetrievedChunk>>)>;

  Retriever(RetrieverOptions options, std::shared_ptr<QueryEmbedder> embedder);
  ~Retriever();

  // The best chunks first, at most `top`, none below `threshold`. Of a question longer than 8 KiB the beginning
  // counts. `done` is called exactly once, before retrieve() returns or later on another thread (not at all for a
  // question that is still waiting when the retriever is destroyed). While no store is loaded the question waits for
  // the worker to look for one, so that the caller's thread never reads a file. Holds some 50 KB while it is at it (by
  // a graph 200 KB, and a bit for each chunk), and the chunks. Errors: corrupt or conflict (the store file is of no
  // use: the caller goes on without), exhausted (too many wait for the store), those of the embedder.
  void retrieve(std::string question, Done done);

  // Whether a search waits for nothing but this machine's processor.
  [[nodiscard]] bool is_cpu_bound() const;

  // Loads now if nobody has; for start-up, so that the first question does not wait. A load that failed is not tried
  // again by retrieve(), which would read a broken file for every question, but it is by warm_up().
  base::Status warm_up();
  // Loads the file if it is another than the one tried last. Blocking. The error is also logged, once a file.
  base::Status refresh();
  // Calls refresh() every `interval`, on a thread of the retriever's own. The loop must outlive this.
  void watch(base::EventLoop& loop, std::chrono::nanoseconds interval);

  // How often a file was read, with or without success. A missing file is looked for each time, and not counted.
  [[nodiscard]] std::uint64_t loads() const { return loads_.load(); }
  [[nodiscard]] std::uint64_t failed_loads() const { return failed_loads_.load(); }
  [[nodiscard]] std::size_t chunks() const { return chunks_.load(); }
  // Questions that got no chunks because the embedder failed. The log says when that begins and when it ends.
  [[nodiscard]] std::uint64_t failed_questions() const { return failed_questions_.load(); }
  // What of the store file is mapped, and what of that is the graph.
  [[nodiscard]] std::size_t mapped_bytes() const { return mapped_bytes_.load(); }
  [[nodiscard]] std::size_t graph_bytes() const { return graph_bytes_.load(); }
  // What the vectors of questions hold, at most RetrieverOptions::cache_bytes.
  [[nodiscard]] std::size_t cache_bytes() const { return cache_.bytes(); }

 private:
  // A store and which one it is, counted from 1; 0 is no store.
  struct Generation {
    std::shared_ptr<const VectorStore> store;
    std::uint64_t number = 0;
  };
  struct Waiting {
    std::string question;
    Done done;
  };
  base::Result<Generation> current() const;
  void wait_for_store(std::string question, Done done);
  void load_on_worker();
  void answer_waiting();
  void retrieve_from(Generation generation, std::string question, Done done);
  void take_note_of(const base::Status& embedding);
  void search_with(Generation generation, std::string question, QueryCache::Vector vector, Done done);
  [[nodiscard]] std::vector<RetrievedChunk> search(const VectorStore& texts, std::string_view question,
                                                   const std::vector<float>& vector) const;
  base::Status load_if_new();                   // with loading_ held
  void take_note_of(const VectorStore& store);  // in what others are told of it

  const RetrieverOptions options_;
  const std::shared_ptr<QueryEmbedder> embedder_;
  QueryCache cache_;

  std::mutex loading_;                 // held while a file is read, which start-up does as well as the worker
  std::optional<FileIdentity> tried_;  // guarded by loading_

  mutable std::mutex mutex_;  // guards the three below, and is never held for long
  Generation generation_;
  std::optional<base::Error> failure_;  // of the first load; cleared by a later success
  std::vector<Waiting> waiting_;        // for the store to be looked for

  std::atomic<std::size_t> chunks_{0};
  std::atomic<std::size_t> mapped_bytes_{0};
  std::atomic<std::size_t> graph_bytes_{0};
  std::atomic<std::uint64_t> loads_{0};
  std::atomic<std::uint64_t> failed_loads_{0};
  std::atomic<std::uint64_t> failed_questions_{0};
  std::atomic<bool> embedder_fails_{false};
  base::Worker searcher_;
  base::Worker loader_;
  base::Pending watch_;
};

}  // namespace chatcore::retrieval
