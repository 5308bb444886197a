#include "chatcore/retrieval/query_embedder.h"

#include <gtest/gtest.h>

#include "chatcore/retrieval/hashed_embedder.h"
#include "chatcore/retrieval/lexical.h"

namespace chatcore::retrieval {
namespace {

TEST(QueryEmbedder, GivesInlineAndInOrderWhatTheEmbedderGives) {
  const auto asked = make_built_in_query_embedder();
  const HashedEmbedder embedder;
  EXPECT_EQ(asked->name(), embedder.name());
  EXPECT_EQ(asked->dimensions(), embedder.dimensions());
  std::vector<std::vector<float>> vectors;
  asked->embed({"cats", "ships"}, [&](auto given) { vectors = given.value(); });
  ASSERT_EQ(vectors.size(), 2U);
  EXPECT_EQ(vectors[0], embedder.embed("cats").value());
  EXPECT_EQ(vectors[1], embedder.embed("ships").value());
}

TEST(QueryEmbedder, PassesTheWeightsOfTheStoreOn) {
  const HashedEmbedder embedder;
  RarityCounter counter;
  for (const char* text : {"server memory", "server", "server port"}) counter.add(terms_of(text));
  const auto weights = counter.rarities();
  std::vector<std::vector<float>> vectors;
  make_built_in_query_embedder()->embed({"server memory"}, weights, [&](auto given) { vectors = given.value(); });
  ASSERT_EQ(vectors.size(), 1U);
  EXPECT_EQ(vectors[0], embedder.embed("server memory", weights).value());
  EXPECT_NE(vectors[0], embedder.embed("server memory").value());
}

}  // namespace
}  // namespace chatcore::retrieval
