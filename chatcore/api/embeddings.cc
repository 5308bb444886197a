#include <memory>
#include <utility>

#include "chatcore/api/embedding_replies.h"
#include "chatcore/api/embedding_requests.h"
#include "chatcore/api/handlers.h"
#include "chatcore/llm/answerer.h"

namespace chatcore::api {
namespace {

constexpr base::Bytes kOverhead = base::kibibytes(16);
// A number as it is computed, and as text; the shortest text of a float32 has about ten digits.
constexpr std::size_t kBytesPerNumber = 4 + 12;

}  // namespace

void embed_texts(const ApiParts& parts, const SharedCall& call) {
  auto request = parse_embedding_request(call->request().body, parts.embedder.dimensions());
  if (!request) return call->refuse(request.error());
  const auto size = call->request().body.size() + request->input.size() * parts.embedder.dimensions() * kBytesPerNumber;
  auto permit = admit(parts, base::Bytes{static_cast<std::int64_t>(size)} + kOverhead, false);
  if (!permit) return call->refuse(permit.error());
  std::size_t tokens = 0;
  for (const auto& text : request->input) tokens += llm::estimate_tokens(text);
  parts.embedder.embed(std::move(request->input), [&embedder = parts.embedder, call, base64 = request->base64, tokens,
                                                   place = SharedPlace(std::move(*permit))](auto vectors) {
    if (!vectors) return call->refuse(call->problem_of(vectors.error()));
    call->json(embeddings_json({.model = embedder.name(), .vectors = *vectors, .base64 = base64, .tokens = tokens}));
  });
}

}  // namespace chatcore::api
