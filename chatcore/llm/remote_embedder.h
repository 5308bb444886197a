#pragma once
// Embeddings by any OpenAI-compatible backend: POST {base_url}/embeddings. One that never blocks, for questions while
// the server runs, and its blocking sister for ingest; both give the same vectors under the same name.

#include <cstddef>
#include <memory>
#include <string>

#include "chatcore/llm/backend.h"
#include "chatcore/retrieval/embedder.h"
#include "chatcore/retrieval/query_embedder.h"

namespace chatcore::llm {

struct RemoteEmbedderOptions {
  std::string model;
  std::size_t dimensions = 0;  // what every vector must have; asked of the backend, too
};

// A backend's vectors are made unit length, and checked. `weights` mean nothing to a model.
std::shared_ptr<retrieval::QueryEmbedder> make_remote_query_embedder(RemoteEmbedderOptions options,
                                                                     std::shared_ptr<Backend> backend);

// Has a loop and a thread of its own. Texts are sent in batches.
std::shared_ptr<const retrieval::Embedder> make_remote_embedder(RemoteEmbedderOptions options, BackendOptions backend);

}  // namespace chatcore::llm
