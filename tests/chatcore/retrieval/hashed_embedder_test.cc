#include "chatcore/retrieval/hashed_embedder.h"

#include <cmath>
#include <numeric>

#include <gtest/gtest.h>

#include "chatcore/retrieval/lexical.h"

namespace chatcore::retrieval {
namespace {

float likeness(const std::vector<float>& a, const std::vector<float>& b) {
  return std::inner_product(a.begin(), a.end(), b.begin(), 0.0F);
}

float likeness(std::string_view a, std::string_view b) {
  const HashedEmbedder embedder;
  return likeness(embedder.embed(a).value(), embedder.embed(b).value());
}

TEST(HashedEmbedder, GivesUnitVectorsOfItsDimensions) {
  const HashedEmbedder embedder;
  for (const char* text : {"memory", "the", "Grenze des Speichers", "内存", "a much longer text about many things"}) {
    const auto vector = embedder.embed(text).value();
    EXPECT_EQ(vector.size(), embedder.dimensions());
    EXPECT_NEAR(likeness(vector, vector), 1.0, 1e-5) << text;
  }
}

TEST(HashedEmbedder, GivesZerosForATextWithoutWords) {
  for (const char* text : {"", " ?! ", "\xFF\xFE"}) EXPECT_EQ(likeness(text, text), 0.0F);
}

TEST(HashedEmbedder, IgnoresCaseAndPunctuation) { EXPECT_NEAR(likeness("Memory limit!", "memory, LIMIT"), 1.0, 1e-5); }

TEST(HashedEmbedder, SeesTheFormsOfAWordAsAlike) {
  EXPECT_GT(likeness("connections", "connected"), 0.6F);
  EXPECT_GT(likeness("процессы", "процессов"), 0.2F) << "no stems here: by the pieces they share";
}

TEST(HashedEmbedder, SurvivesAMisspelling) { EXPECT_GT(likeness("conversation", "convresation"), 0.1F); }

TEST(HashedEmbedder, PutsSubjectsApart) {
  const std::string_view question = "How much memory may the container use?";
  EXPECT_GT(likeness(question, "The memory limit of the container is 700 MiB."),
            likeness(question, "How much may the use of the bicycle cost?") + 0.1F);
}

TEST(HashedEmbedder, HardlyHearsStopWords) { EXPECT_GT(likeness("what is the memory of the", "memory"), 0.95F); }

TEST(HashedEmbedder, CountsARepeatedWordLessThanTwice) {
  const float once = likeness("memory disk network", "memory");
  const float often = likeness("memory memory memory memory disk network", "memory");
  EXPECT_GT(often, once);
  EXPECT_LT(often, 4 * once);
}

TEST(HashedEmbedder, WeighsRareWordsMore) {
  const HashedEmbedder embedder;
  RarityCounter counter;
  for (const char* text : {"server disk", "server network", "server memory", "server jemalloc"}) {
    counter.add(terms_of(text));
  }
  const auto weights = counter.rarities();
  const auto question = embedder.embed("server jemalloc", weights).value();
  const auto rare = embedder.embed("jemalloc", weights).value();
  const auto common = embedder.embed("server", weights).value();
  EXPECT_GT(likeness(question, rare), 0.9F);
  EXPECT_LT(likeness(question, common), 0.5F);
}

TEST(HashedEmbedder, TakesNoWeightsOfAnotherSize) {
  const HashedEmbedder embedder;
  const std::vector<float> strange(7, 0.0F);
  EXPECT_EQ(embedder.embed("memory", strange).value(), embedder.embed("memory").value());
}

// Stores outlive programs and travel between machines: if this changes, so must the embedder's name.
TEST(HashedEmbedder, KeepsItsPromiseOfItsName) {
  const HashedEmbedder embedder;
  const auto vector = embedder.embed("memory").value();
  std::string places;
  for (std::size_t i = 0; i < vector.size(); ++i) {
    if (std::fabs(vector[i]) > 0.01F) places += (vector[i] > 0 ? "+" : "-") + std::to_string(i) + " ";
  }
  EXPECT_EQ(embedder.name(), "leakguard-hashed-384-3");
  EXPECT_EQ(places, "+68 +194 +284 -295 -322 +353 -376 ");
}

}  // namespace
}  // namespace chatcore::retrieval
