#pragma once
// What clients send to POST /v1/embeddings. Pure.

#include <cstddef>
#include <string>
#include <string_view>
#include <vector>

#include "chatcore/api/problem.h"

namespace chatcore::api {

struct EmbeddingRequest {
  std::vector<std::string> input;  // from 1 to 2048 texts of at most 32 KiB, none empty
  bool base64 = false;             // numbers as base64 of little-endian float32, which is what OpenAI's client asks for
};

// `dimensions` of the embedder: a client that asks for another number of them is refused, as is one that sends tokens.
Parsed<EmbeddingRequest> parse_embedding_request(std::string_view body, std::size_t dimensions);

}  // namespace chatcore::api
