#pragma once
// What POST /v1/embeddings answers with, in OpenAI's shape. Pure.

#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace chatcore::api {

struct EmbeddingReply {
  std::string_view model;
  std::span<const std::vector<float>> vectors;
  bool base64 = false;
  std::size_t tokens = 0;  // estimated
};

std::string embeddings_json(const EmbeddingReply& reply);

// Of the numbers' bytes as float32, least significant first, whatever this machine's order is.
std::string base64_of(std::span<const float> numbers);

}  // namespace chatcore::api
