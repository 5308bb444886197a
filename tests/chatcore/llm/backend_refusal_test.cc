#include "chatcore/llm/backend_refusal.h"

#include <string>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace chatcore::llm {
namespace {

using Kind = BackendRefusal::Kind;
using testing::ElementsAre;
using testing::IsEmpty;

std::string error(const std::string& members) { return R"({"error":{)" + members + "}}"; }
std::string saying(const std::string& text) { return error(R"("message":")" + text + R"(")"); }

struct TooLong {
  int status;
  std::string body;
  std::size_t context;  // 0: unknown
  std::size_t prompt;   // 0: unknown
};

// Error bodies of real servers.
const std::vector<TooLong> kTooLong{
    // OpenAI
    {400,
     error(
         R"("message":"This model's maximum context length is 8192 tokens. However, your messages resulted in 9000 tokens. Please reduce the length of the messages.","type":"invalid_request_error","param":"messages","code":"context_length_exceeded")"),
     8192, 9000},
    {400,
     error(
         R"("message":"Your input exceeds the context window of this model. Please adjust your input and try again.","code":"context_length_exceeded")"),
     0, 0},
    // llama.cpp, new and old
    {400,
     error(R"j("code":400,"message":"the request exceeds the available context size (1201 > 1000 tokens)",)j"
           R"j("type":"exceed_context_size_error","n_prompt_tokens":1201,"n_ctx":1000)j"),
     1000, 1201},
    {500,
     error(
         R"("code":500,"message":"the request exceeds the available context size. try increasing the context size or enable context shift","type":"server_error")"),
     0, 0},
    // vLLM, in its forms
    {400,
     R"({"object":"error","message":"This model's maximum context length is 4096 tokens. However, you requested 5000 tokens (4900 in the messages, 100 in the completion). Please reduce the length of the messages or completion.","type":"BadRequestError","param":null,"code":400})",
     4096, 4900},
    {400,
     saying("'max_tokens' or 'max_completion_tokens' is too large: 4000. This model's maximum context length "
            "is 4096 tokens and your request has 200 input tokens (4000 > 4096 - 200)."),
     4096, 200},
    {400,
     saying("The decoder prompt (length 5000) is longer than the maximum model length of 4096. Make sure that "
            "`max_model_len` is no smaller."),
     4096, 5000},
    // SGLang
    {400,
     R"({"object":"error","message":"The input (5000 tokens) is longer than the model's context length (4096 tokens).","type":"BadRequestError","code":400})",
     4096, 5000},
    {400,
     saying("Requested token count exceeds the model's maximum context length of 4096 tokens. You requested a "
            "total of 5000 tokens: 4900 tokens from the input messages and 100 tokens for the completion."),
     4096, 4900},
    // Text Generation Inference
    {422,
     R"({"error":"Input validation error: `inputs` tokens + `max_new_tokens` must be <= 4096. Given: 5000 `inputs` tokens and 100 `max_new_tokens`","error_type":"validation"})",
     4096, 5000},
    // Ollama, LM Studio, TensorRT-LLM
    {400, saying("prompt too long; exceeded max context length by 1200 tokens"), 0, 0},
    {400,
     R"({"error":"Trying to keep the first 5000 tokens when context the overflows. However, the model is loaded with context length of only 4096 tokens, which is not enough."})",
     4096, 5000},
    {400, saying("Prompt length (5000) exceeds maximum input length (4096). Set log level to info."), 4096, 5000},
    // Anthropic, Gemini, Mistral, xAI, OpenRouter, GitHub Models
    {400, error(R"("type":"invalid_request_error","message":"prompt is too long: 210000 tokens > 200000 maximum")"),
     200000, 210000},
    {400,
     R"([{"error":{"code":400,"message":"The input token count (1,048,577) exceeds the maximum number of tokens allowed (1,048,576).","status":"INVALID_ARGUMENT"}}])",
     1048576, 1048577},
    {400,
     R"({"object":"error","message":"Prompt contains 40000 tokens and 0 draft tokens, too large for model with 32768 maximum context length","type":"invalid_request_prompt","code":"3051"})",
     32768, 40000},
    {400,
     R"({"code":"400","error":"This model's maximum prompt length is 131072 but the request contains 140000 tokens."})",
     131072, 140000},
    {400,
     saying("This endpoint's maximum context length is 8192 tokens. However, you requested about 9000 tokens "
            "(8900 of text input, 100 in the output)."),
     8192, 8900},
    {413,
     error(
         R"("code":"tokens_limit_reached","message":"Request body too large for gpt-4o model. Max size: 8000 tokens.")"),
     8000, 0},
    // A proxy before it that knows of the context
    {413, "<html>413: maximum context length is 4096 tokens, reduce the prompt</html>", 4096, 0},
};

TEST(BackendRefusal, RecognisesAnExceededContextInAllKnownTexts) {
  for (const auto& one : kTooLong) {
    const auto refusal = read_refusal(one.status, one.body, "");
    EXPECT_EQ(refusal.kind, Kind::context) << one.body;
    if (one.body.find("Max size") == std::string::npos) {
      EXPECT_EQ(refusal.context_tokens.value_or(0), one.context) << one.body;
      EXPECT_EQ(refusal.prompt_tokens.value_or(0), one.prompt) << one.body;
    }
  }
}

TEST(BackendRefusal, DistinguishesTheKinds) {
  struct Case {
    int status;
    std::string body;
    Kind kind;
  };
  const std::vector<Case> cases{
      {400, error(R"("message":"no such thing","type":"x","code":"y")"), Kind::request},
      {422, R"({"detail":[{"type":"value_error","loc":["body","messages"],"msg":"bad"}]})", Kind::request},
      {400, saying("Conversation roles must alternate user/assistant/user/assistant/..."), Kind::request},
      {500, saying("Failed to apply chat template: jinja error"), Kind::request},
      {403, saying("Your input was flagged by moderation"), Kind::request},
      {400, saying("'temperature' must be at most 1"), Kind::request},
      {400, error(R"("message":"Unsupported value: 'auto'","param":"tool_choice","code":"unsupported_value")"),
       Kind::request},
      {400,
       error(
           R"("message":"max_tokens is too large: 100000. This model supports at most 4096 completion tokens, whereas you provided 100000.","param":"max_tokens","code":"invalid_value")"),
       Kind::request},
      {400, saying("System role not supported"), Kind::system_role},
      {400, saying("Unsupported value: 'messages[0].role' does not support 'system' with this model."),
       Kind::system_role},
      {400, saying("Developer instruction is not enabled for models/gemma-3"), Kind::system_role},
      {401, "", Kind::operators},
      {402, saying("Insufficient Balance"), Kind::operators},
      {403, saying("Forbidden"), Kind::operators},
      {404, saying("The model `m` does not exist or you do not have access to it."), Kind::operators},
      {404, "404 page not found", Kind::operators},
      {400, saying("API key not valid. Please pass a valid API key."), Kind::operators},
      {400, error(R"("code":"model_not_found","message":"x")"), Kind::operators},
      {429, error(R"("code":"insufficient_quota","message":"You exceeded your current quota")"), Kind::operators},
      {429, saying("Rate limit reached"), Kind::busy},
      {413, saying("Request too large for model on tokens per minute (TPM): Limit 6000, Requested 7000"), Kind::busy},
      {413, "<html><title>413 Request Entity Too Large</title></html>", Kind::size},
      {413, "", Kind::size},
      {413, saying("Payload too large"), Kind::context},
      {408, "", Kind::busy},
      {502, "<html>", Kind::busy},
      {503, saying("Loading model"), Kind::busy},
      {529, saying("Overloaded"), Kind::busy},
      {500, saying("CUDA out of memory"), Kind::failure},
      {500, "", Kind::failure},
      {200, error(R"("message":"model is loading","code":503)"), Kind::busy},
      {200, error(R"("message":"boom")"), Kind::failure},
      {200, error(R"("message":"bad request","code":400)"), Kind::request},
  };
  for (const auto& one : cases) {
    EXPECT_EQ(static_cast<int>(read_refusal(one.status, one.body, "").kind), static_cast<int>(one.kind))
        << one.status << " " << one.body;
  }
}

TEST(BackendRefusal, NamesTheRefusedField) {
  struct Case {
    int status;
    std::string body;
    std::string field;
  };
  const std::vector<Case> cases{
      {400,
       error(
           R"("message":"Unsupported parameter: 'max_tokens' is not supported with this model. Use 'max_completion_tokens' instead.","type":"invalid_request_error","param":"max_tokens","code":"unsupported_parameter")"),
       "max_tokens"},
      {400,
       error(
           R"("message":"Unsupported value: 'temperature' does not support 0.7 with this model. Only the default (1) value is supported.","param":"temperature","code":"unsupported_value")"),
       "temperature"},
      {422, saying("Extra inputs are not permitted: stream_options"), "stream_options"},
      {422,
       R"({"detail":[{"type":"extra_forbidden","loc":["body","stream_options"],"msg":"Extra inputs are not permitted","input":{"include_usage":"temperature"}}]})",
       "stream_options"},
      {422,
       R"({"object":"error","message":{"detail":[{"type":"extra_forbidden","loc":["body","seed"],"msg":"Extra inputs are not permitted"}]}})",
       "seed"},
      {400, saying("Unrecognized request argument supplied: presence_penalty"), "presence_penalty"},
      {400,
       R"([{"error":{"code":400,"message":"Invalid JSON payload received. Unknown name \"frequency_penalty\": Cannot find field.","status":"INVALID_ARGUMENT"}}])",
       "frequency_penalty"},
      {400, saying("invalid temperature: only 1 is allowed for this model"), "temperature"},
      {400, saying("`top_p` is deprecated for this model."), "top_p"},
      {400, R"({"detail":{"user":"not supported"}})", "user"},
      {501, saying("stream_options is not implemented"), "stream_options"},
  };
  for (const auto& one : cases) {
    const auto refusal = read_refusal(one.status, one.body, "");
    EXPECT_EQ(static_cast<int>(refusal.kind), static_cast<int>(Kind::field)) << one.body;
    EXPECT_THAT(refusal.fields, ElementsAre(one.field)) << one.body;
  }
  const auto both = read_refusal(400, saying("`temperature` and `top_p` cannot both be specified for this model."), "");
  EXPECT_TRUE(both.are_exclusive);
  EXPECT_THAT(both.fields, ElementsAre("temperature", "top_p"));
}

TEST(BackendRefusal, OnlyIdentifiersAreKeptAndNeverTheKey) {
  const auto good = read_refusal(400, error(R"("code":"a_b-1.c","type":"T","param":"tools.0.name")"), "secret-key-1");
  EXPECT_EQ(good.code, "a_b-1.c");
  EXPECT_EQ(good.type, "T");
  EXPECT_EQ(good.param, "tools.0.name");
  const std::string longest(64, 'x');
  EXPECT_EQ(read_refusal(400, error(R"("code":")" + longest + R"(")"), "").code, longest);
  for (const std::string& bad :
       {std::string("two words"), longest + "x", std::string("secret-key-1"), std::string("xsecret-key-1x"),
        std::string("secret-key"), std::string("sk-proj-abc"), std::string("é"), std::string()}) {
    EXPECT_THAT(read_refusal(400, error(R"("code":")" + bad + R"(")"), "secret-key-1").code, IsEmpty()) << bad;
  }
  EXPECT_EQ(read_refusal(400, error(R"("code":3051)"), "").code, "3051");
  EXPECT_THAT(read_refusal(400, error(R"("code":400)"), "").code, IsEmpty()) << "the status says that";
}

TEST(BackendRefusal, AnErrorInAStreamIsARefusalIfItConcernsTheRequest) {
  const std::string too_long = R"({"error":{"message":"The prompt exceeds the context length of 4096 tokens"}})";
  const std::string chunk = R"(data: {"choices":[{"delta":{"content":"x","error":1}}]})";
  for (const std::string& stream :
       {"event: error\ndata: " + too_long + "\n\n", "data:" + too_long + "\r\n\r\n",
        std::string(
            "event: error\ndata: {\"message\":\"The prompt exceeds the context length of 4096 tokens\"}\n\n")}) {
    const auto refusal = refusal_in_stream(stream, "");
    ASSERT_TRUE(refusal) << stream;
    EXPECT_EQ(refusal->kind, Kind::context) << stream;
    EXPECT_EQ(refusal->context_tokens, 4096U) << stream;
  }
  for (const std::string& stream :
       {std::string(), chunk + "\n\n", std::string("data: {\"error\":{\"message\":\"boom\"}}\n\n"),
        std::string("data: {\"error\":null,\"choices\":[{\"delta\":{\"content\":\"The prompt exceeds the context "
                    "length of 4096\"}}]}\n\n"),
        std::string("data: {\"choices\":[]}\n\n")}) {
    EXPECT_FALSE(refusal_in_stream(stream, "")) << stream;
  }
}

TEST(BackendRefusal, ClassifiesUnreadableBodiesByStatus) {
  const std::string deep = std::string(50'000, '[') + std::string(50'000, ']');
  for (const std::string& body : {std::string(), std::string("{"), deep, std::string("\xFF\xFE"), std::string("null"),
                                  std::string("[]"), std::string(R"({"error":[[]]})")}) {
    EXPECT_EQ(read_refusal(400, body, "").kind, Kind::request);
  }
}

}  // namespace
}  // namespace chatcore::llm
