#pragma once
// Who writes the answers and who makes vectors of texts, by configuration: built in, or a backend over HTTP.

#include <memory>
#include <string>
#include <vector>

#include "base/event_loop.h"
#include "chatcore/config.h"
#include "chatcore/llm/answerer.h"
#include "chatcore/llm/backend.h"
#include "chatcore/llm/learned_limits.h"
#include "chatcore/retrieval/embedder.h"
#include "chatcore/retrieval/query_embedder.h"

namespace chatcore::command {

struct BackendKeys {
  std::string llm = {};
  std::string embeddings = {};
  std::vector<std::string> errors = {};  // of keys and of settings that belong together; never with a secret in them
};

BackendKeys read_backend_keys(const Config& config);

// All four expect a configuration and keys without errors.
std::unique_ptr<llm::Answerer> make_answerer(const Config& config, const BackendKeys& keys,
                                             std::shared_ptr<llm::LearnedLimits> learned, base::EventLoop& loop);
// Of summaries, on connections of its own so that it never takes one from a turn; null unless they are configured. It
// shares with the answerer what is learned about their model.
std::unique_ptr<llm::Answerer> make_summary_writer(const Config& config, const BackendKeys& keys,
                                                   std::shared_ptr<llm::LearnedLimits> learned, base::EventLoop& loop);
std::shared_ptr<retrieval::QueryEmbedder> make_query_embedder(const Config& config, const BackendKeys& keys,
                                                              base::EventLoop& loop);
// For ingest: blocks.
std::shared_ptr<const retrieval::Embedder> make_embedder(const Config& config, const BackendKeys& keys);

}  // namespace chatcore::command
