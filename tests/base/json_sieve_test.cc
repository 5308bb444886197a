#include "base/json_sieve.h"

#include <string>
#include <vector>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace base {
namespace {

using testing::ElementsAre;

// Keeps "a" and what is in it, strings of 8 bytes at most.
std::size_t keep_a(const JsonSieve::Path& path) { return path.front() == "a" ? 8 : 0; }

struct Sifted {
  std::vector<std::string> documents;  // "!" for one that is bad
  bool is_whole = false;
};

Sifted sift(const std::string& text, JsonSieve::Documents documents = JsonSieve::Documents::values,
            std::size_t piece = 1'000'000) {
  Sifted sifted;
  JsonSieve sieve(
      {.documents = documents, .max_depth = 4, .max_document = 64}, keep_a,
      [&](const Result<std::string_view>& document) { sifted.documents.emplace_back(document ? *document : "!"); });
  for (std::size_t i = 0; i < text.size(); i += piece) {
    if (!sieve.feed(text.substr(i, piece))) return sifted;
  }
  sifted.is_whole = sieve.finish().has_value();
  return sifted;
}

std::vector<std::string> elements(const std::string& text) {
  return sift(text, JsonSieve::Documents::elements).documents;
}

TEST(JsonSieve, KeepsWhatIsWanted) {
  EXPECT_THAT(sift(R"({"b":1,"a":{"c":[1,"x",{"d":null}]},"e":{"a":2}})").documents,
              ElementsAre(R"({"a":{"c":[1,"x",{"d":null}]}})"));
  EXPECT_THAT(sift(R"({"b":{"a":1}})").documents, ElementsAre("{}"));
}

TEST(JsonSieve, ReadsTheSameInPiecesOfOneByte) {
  const std::string text = R"( {"b":[{"x":"]}\""}], "a" : "q\"\\", "e":-1.5e3 } {"a":true}7 )";
  const auto whole = sift(text);
  EXPECT_THAT(whole.documents, ElementsAre(R"({"a":"q\"\\"})", R"({"a":true})", "7"));
  EXPECT_EQ(sift(text, JsonSieve::Documents::values, 1).documents, whole.documents);
}

TEST(JsonSieve, TakesTheElementsOfAListOneByOne) {
  EXPECT_THAT(elements(R"([{"a":1},{"b":2},3,"x",[]])"), ElementsAre(R"({"a":1})", "{}", "3", R"("x")", "[]"));
  EXPECT_TRUE(sift("[]", JsonSieve::Documents::elements).is_whole);
  EXPECT_FALSE(sift("{}", JsonSieve::Documents::elements).is_whole);
}

TEST(JsonSieve, MakesNullOfAStringThatIsTooLong) {
  EXPECT_THAT(sift(R"({"a":"12345678"})").documents, ElementsAre(R"({"a":"12345678"})"));
  EXPECT_THAT(sift(R"({"a":"123456789"})").documents, ElementsAre(R"({"a":null})"));
  EXPECT_THAT(sift(R"({"a":1234567890})").documents, ElementsAre(R"({"a":null})"));
}

TEST(JsonSieve, MakesNullOfWhatIsNestedTooDeeply) {
  EXPECT_THAT(sift(R"({"a":[[[1]]]})").documents, ElementsAre(R"({"a":[[[1]]]})"));
  EXPECT_THAT(sift(R"({"a":[[[[1,{"x":2}]]],5]})").documents, ElementsAre(R"({"a":[[[null]],5]})"));
}

TEST(JsonSieve, PassesOverABadDocumentAndReadsTheNext) {
  EXPECT_THAT(elements(R"([{"a":1 "a":2},{"a" 3},{"a":[1}],{5},{,},{"a":4}])"),
              ElementsAre("!", "!", "!", "!", "!", R"({"a":4})"));
  EXPECT_THAT(elements(R"([{"a":[1,2,3,4,5,6,7,8,9,1,2,3,4,5,6,7,8,9,1,2,3,4,5,6,7,8,9,1,2,3]},{"a":4}])"),
              ElementsAre("!", R"({"a":4})"))
      << "too large";
}

TEST(JsonSieve, SaysWhenTheTextIsCutOffOrNoJson) {
  for (const char* text : {"{", "[", R"({"a)", R"({"a":[)", "}", ",", "{}]"}) EXPECT_FALSE(sift(text).is_whole) << text;
}

TEST(JsonSieve, UnderstandsKeysThatAreEscaped) {
  EXPECT_THAT(sift(R"({"\u0061":1})").documents, ElementsAre(R"({"\u0061":1})"));
}

}  // namespace
}  // namespace base
