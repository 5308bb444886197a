#include "chatcore/retrieval/docs_json.h"

#include <sstream>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace chatcore::retrieval {
namespace {

using base::Code;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;

struct Reading {
  base::Status status;
  std::vector<std::string> texts;
};

Reading read(const std::string& json, std::size_t max_value_bytes = 1000) {
  std::istringstream input(json);
  Reading reading;
  reading.status = read_docs_json(input, max_value_bytes, [&](StoredDocument document) -> base::Status {
    reading.texts.push_back(document.text + "/" + std::to_string(document.embedding.size()));
    return {};
  });
  return reading;
}

TEST(DocsJson, GivesEachDocumentWithItsEmbedding) {
  const auto reading = read(R"({"version": 1, "_documents": [
    {"pageContent": "one", "embedding": [0.5, -1, 2e-3]}, {"embedding": null, "pageContent": "zwei \u00e4"}], "_x": {}})");
  ASSERT_TRUE(reading.status) << reading.status.error().message;
  EXPECT_THAT(reading.texts, ElementsAre("one/3", "zwei ä/0"));
}

TEST(DocsJson, MayBeginWithAByteOrderMark) {
  EXPECT_THAT(read("\xEF\xBB\xBF{\"_documents\": [{\"pageContent\": \"one\"}]}").texts, ElementsAre("one/0"));
}

TEST(DocsJson, MayHoldNone) {
  EXPECT_TRUE(read(R"({"_documents": []})").status);
  EXPECT_THAT(read(R"({"_documents": []})").texts, IsEmpty());
}

TEST(DocsJson, SkipsWhateverElseADocumentHas) {
  const auto reading = read(
      R"({"_documents":[{"metadata":{"pageContent":"no","embedding":[1],"x":[[{"_documents":[{}]}]]},"pageContent":"yes"}]})");
  ASSERT_TRUE(reading.status) << reading.status.error().message;
  EXPECT_THAT(reading.texts, ElementsAre("yes/0"));
}

TEST(DocsJson, RefusesOtherShapesAndSaysWhere) {
  for (const char* wrong :
       {"", "[]", "7", "{}", R"({"docs":[]})", R"({"_documents":{}})", R"({"_documents":7})", R"({"_documents":[7]})",
        R"({"_documents":[[]]})", R"({"_documents":[{}]})", R"({"_documents":[{"pageContent":7}]})",
        R"({"_documents":[{"pageContent":"a"}])", R"({"_documents":[{"pageContent":"a"},]})",
        "{\"_documents\":[{\"pageContent\":\"\xFF\"}]}"}) {
    const auto reading = read(wrong);
    ASSERT_FALSE(reading.status) << wrong;
    EXPECT_EQ(reading.status.error().code, Code::corrupt) << wrong;
    EXPECT_LT(reading.status.error().message.size(), 100U) << wrong;
  }
  EXPECT_THAT(read(R"({"_documents":[{"pageContent":"a"},]})").status.error().message, HasSubstr("at byte 36"));
}

TEST(DocsJson, BoundsASingleValueAndNotTheFile) {
  const std::string longest(990, 'x');
  std::string many = R"({"_documents":[)";
  for (int i = 0; i < 50; ++i) many += (i == 0 ? "" : ",") + (R"({"pageContent":")" + longest + R"("})");
  EXPECT_EQ(read(many + "]}").texts.size(), 50U);
  const auto reading = read(R"({"_documents":[{"pageContent":")" + longest + longest + R"("}]})");
  EXPECT_EQ(reading.status.error().code, Code::too_large);
}

TEST(DocsJson, BoundsNesting) {
  const auto reading = read(R"({"_documents":[{"a":)" + std::string(100'000, '[') + std::string(100'000, ']') +
                            R"(,"pageContent":"deep"}]})");
  ASSERT_TRUE(reading.status) << reading.status.error().message;
  EXPECT_THAT(reading.texts, ElementsAre("deep/0"));
}

TEST(DocsJson, StopsWhenTheTakerFails) {
  std::istringstream input(R"({"_documents":[{"pageContent":"a"},{"pageContent":"b"}]})");
  int taken = 0;
  const auto status = read_docs_json(input, 1000, [&](const StoredDocument&) -> base::Status {
    ++taken;
    return base::fail(Code::exhausted, "full");
  });
  EXPECT_EQ(status.error().code, Code::exhausted);
  EXPECT_EQ(taken, 1);
}

TEST(DocsJson, IsKnownByItsBeginning) {
  EXPECT_TRUE(looks_like_docs_json(" {\"_documents\" : ["));
  EXPECT_TRUE(looks_like_docs_json("\xEF\xBB\xBF{\"_documents\":["));
  EXPECT_FALSE(looks_like_docs_json("{\"name\": 1}"));
  EXPECT_FALSE(looks_like_docs_json("[\"_documents\"]"));
  EXPECT_FALSE(looks_like_docs_json(""));
}

}  // namespace
}  // namespace chatcore::retrieval
