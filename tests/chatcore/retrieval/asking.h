#pragma once
// Asks a retriever and waits for what it says.

#include <future>
#include <string>
#include <utility>
#include <vector>

#include "chatcore/retrieval/retriever.h"

namespace chatcore::retrieval {

inline base::Result<std::vector<RetrievedChunk>> ask(Retriever& retriever, std::string question) {
  std::promise<base::Result<std::vector<RetrievedChunk>>> promise;
  auto answer = promise.get_future();
  retriever.retrieve(std::move(question), [&promise](auto found) { promise.set_value(std::move(found)); });
  return answer.get();
}

}  // namespace chatcore::retrieval
