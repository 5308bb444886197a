// What /v1/embeddings takes and answers with.

#include <string>
#include <vector>

#include <gtest/gtest.h>

#include "chatcore/api/embedding_replies.h"
#include "chatcore/api/embedding_requests.h"

namespace chatcore::api {
namespace {

constexpr std::size_t kDimensions = 8;

std::string param_of(const std::string& body) {
  const auto parsed = parse_embedding_request(body, kDimensions);
  return parsed ? "" : parsed.error().param;
}

std::string strings(std::size_t count) {
  std::string list;
  for (std::size_t i = 0; i < count; ++i) list += i == 0 ? R"("a")" : R"(,"a")";
  return R"({"input":[)" + list + "]}";
}

TEST(EmbeddingRequest, TakesATextOrAListOfTexts) {
  EXPECT_EQ(parse_embedding_request(R"({"input":"a"})", kDimensions)->input, std::vector<std::string>{"a"});
  EXPECT_EQ(parse_embedding_request(R"({"input":["a","b"]})", kDimensions)->input,
            (std::vector<std::string>{"a", "b"}));
  EXPECT_FALSE(parse_embedding_request(R"({"input":"a"})", kDimensions)->base64);
  EXPECT_TRUE(parse_embedding_request(R"({"input":"a","encoding_format":"base64"})", kDimensions)->base64);
}

TEST(EmbeddingRequest, RefusesTokensAndNothing) {
  EXPECT_EQ(param_of(R"({"input":[1,2]})"), "input[0]");
  EXPECT_EQ(param_of(R"({"input":[[1],[2]]})"), "input[0]");
  EXPECT_EQ(param_of(R"({"input":["a",""]})"), "input[1]");
  for (const char* body : {"{}", R"({"input":[]})", R"({"input":""})", R"({"input":null})", R"({"input":true})"}) {
    EXPECT_EQ(param_of(body), "input") << body;
  }
  EXPECT_EQ(param_of(R"({"input":"a\u0000"})"), "input");
}

TEST(EmbeddingRequest, HasBounds) {
  EXPECT_EQ(param_of(strings(2048)), "");
  EXPECT_EQ(param_of(strings(2049)), "input");
  EXPECT_EQ(param_of(R"({"input":")" + std::string(32768, 'a') + "\"}"), "");
  EXPECT_EQ(param_of(R"({"input":")" + std::string(32769, 'a') + "\"}"), "input");
}

TEST(EmbeddingRequest, DimensionsAreWhatTheyAre) {
  EXPECT_EQ(param_of(R"({"input":"a","dimensions":8})"), "");
  EXPECT_EQ(param_of(R"({"input":"a","dimensions":4})"), "dimensions");
  EXPECT_EQ(param_of(R"({"input":"a","encoding_format":"hex"})"), "encoding_format");
}

TEST(Base64, IsOfLittleEndianFloats) {
  EXPECT_EQ(base64_of(std::vector<float>{}), "");
  EXPECT_EQ(base64_of(std::vector<float>{1.0F}), "AACAPw==");
  EXPECT_EQ(base64_of(std::vector<float>{1.0F, -2.0F}), "AACAPwAAAMA=");
  EXPECT_EQ(base64_of(std::vector<float>{1.0F, -2.0F, 0.0F}), "AACAPwAAAMAAAAAA");
}

TEST(Embeddings, AreWrittenInBothForms) {
  const std::vector<std::vector<float>> vectors{{1.0F, 0.1F}, {-2.0F, 0.0F}};
  EXPECT_EQ(embeddings_json({.model = "m", .vectors = vectors, .tokens = 3}),
            R"({"object":"list","data":[{"object":"embedding","index":0,"embedding":[1,0.1]},)"
            R"({"object":"embedding","index":1,"embedding":[-2,0]}],"model":"m",)"
            R"("usage":{"prompt_tokens":3,"total_tokens":3}})");
  EXPECT_EQ(embeddings_json({.model = "m", .vectors = {vectors.data(), 1}, .base64 = true, .tokens = 3}),
            R"({"object":"list","data":[{"object":"embedding","index":0,"embedding":"AACAP83MzD0="}],"model":"m",)"
            R"("usage":{"prompt_tokens":3,"total_tokens":3}})");
}

}  // namespace
}  // namespace chatcore::api
