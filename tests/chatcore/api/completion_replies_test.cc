#include "chatcore/api/completion_replies.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace chatcore::api {
namespace {

using testing::HasSubstr;

const CompletionHead kHead{
    .id = "chatcmpl-1", .model = "m", .created = base::WallTime(std::chrono::seconds(1700000000))};

TEST(CompletionChunks, FinishTellsACutAnswerFromAWholeOne) {
  EXPECT_THAT(completion_finish_event(kHead, {}), HasSubstr(R"("finish_reason":"stop")"));
  TurnResult cut;
  cut.cut = true;
  EXPECT_THAT(completion_finish_event(kHead, cut), HasSubstr(R"("finish_reason":"length")"));
  TurnResult filtered;
  filtered.filtered = true;
  EXPECT_THAT(completion_finish_event(kHead, filtered), HasSubstr(R"("finish_reason":"content_filter")"));
}

TEST(CompletionChunks, EveryChunkCarriesTheHead) {
  for (const auto& chunk : {completion_role_event(kHead), completion_text_event(kHead, "a"),
                            completion_finish_event(kHead, {}), completion_usage_event(kHead, {})}) {
    EXPECT_THAT(chunk,
                HasSubstr(R"({"id":"chatcmpl-1","object":"chat.completion.chunk","created":1700000000,"model":"m")"));
  }
}

// OpenAI's own words: all chunks before the one with the counts include the field, with a null value.
TEST(CompletionChunks, UsageIsNullUntilItIsCountedAndAbsentUnlessAskedFor) {
  CompletionHead counting = kHead;
  counting.counts_tokens = true;
  for (const auto& [chunk, unasked] :
       {std::pair(completion_role_event(counting), completion_role_event(kHead)),
        std::pair(completion_text_event(counting, "a"), completion_text_event(kHead, "a")),
        std::pair(completion_finish_event(counting, {}), completion_finish_event(kHead, {}))}) {
    EXPECT_THAT(chunk, HasSubstr(R"(,"usage":null})"));
    EXPECT_THAT(unasked, testing::Not(HasSubstr("usage")));
  }
  EXPECT_THAT(completion_usage_event(counting, {}), HasSubstr(R"("choices":[],"usage":{"prompt_tokens":0,)"));
}

TEST(Completion, WholeItIsOneDocument) {
  TurnResult result;
  result.prompt_tokens = 3;
  result.answer_tokens = 2;
  EXPECT_EQ(completion_json(kHead, {.text = "Hi"}, result),
            R"({"id":"chatcmpl-1","object":"chat.completion","created":1700000000,"model":"m","choices":[{"index":0,)"
            R"("message":{"role":"assistant","content":"Hi","refusal":null},"logprobs":null,"finish_reason":"stop"}],)"
            R"("usage":{"prompt_tokens":3,"completion_tokens":2,"total_tokens":5}})");
}

TEST(Completion, PartsHaveTheBackendsNames) {
  CompletionAnswer answer;
  answer.add(llm::AnswerPart::reasoning, "h");
  answer.add(llm::AnswerPart::reasoning, "m");
  answer.add(llm::AnswerPart::text, "Hi");
  EXPECT_THAT(completion_json(kHead, answer, {}),
              HasSubstr(R"("message":{"role":"assistant","content":"Hi","refusal":null,"reasoning":"hm"})"));
  EXPECT_THAT(completion_part_event(kHead, llm::AnswerPart::reasoning_content, "hm"),
              HasSubstr(R"("delta":{"reasoning_content":"hm"},"logprobs":null,"finish_reason":null)"));
}

TEST(Completion, ARefusalIsNotAnEmptyAnswer) {
  CompletionAnswer answer;
  answer.add(llm::AnswerPart::refusal, "No.");
  EXPECT_THAT(completion_json(kHead, answer, {}), HasSubstr(R"("content":null,"refusal":"No.")"));
  EXPECT_THAT(completion_part_event(kHead, llm::AnswerPart::refusal, "No."), HasSubstr(R"("delta":{"refusal":"No."})"));
}

TEST(Completion, ToolCallDeltasAreMerged) {
  CompletionAnswer answer;
  for (
      const char* delta :
      {R"({"tool_calls":[{"index":0,"id":"a","type":"function","function":{"name":"f","arguments":""}}]})",
       R"({"tool_calls":[{"index":0,"id":"a","function":{"name":"f","arguments":"{\"x\""}}]})",
       R"({"tool_calls":[{"index":1,"id":"b","function":{"name":"g","arguments":"{}"}},{"index":0,"id":"","function":{"arguments":":1}"}}]})",
       R"({"annotations":[{"type":"url"}]})", R"({"annotations":[{"type":"file"}]})"}) {
    answer.add(llm::AnswerPart::fields, delta);
  }
  TurnResult result;
  result.calls_tools = true;
  const std::string text = completion_json(kHead, answer, result);
  EXPECT_THAT(text, HasSubstr(R"("content":null,"refusal":null,"tool_calls":[{"id":"a","type":"function",)"
                              R"("function":{"name":"f","arguments":"{\"x\":1}"}},)"
                              R"({"id":"b","function":{"name":"g","arguments":"{}"},"type":"function"}],)"
                              R"("annotations":[{"type":"url"},{"type":"file"}]})"));
  EXPECT_THAT(text, HasSubstr(R"("finish_reason":"tool_calls")"));
  EXPECT_THAT(completion_part_event(kHead, llm::AnswerPart::fields, R"({"tool_calls":[{"index":0}]})"),
              HasSubstr(R"("delta":{"tool_calls":[{"index":0}]})"));
}

TEST(CompletionReplies, ACallWithoutAnIdGetsOneAndWithoutArgumentsAnEmptyObject) {
  CompletionHead head{.id = "chatcmpl-7f", .model = "m", .created = {}};
  CompletionAnswer answer;
  answer.add(llm::AnswerPart::fields, R"({"tool_calls":[{"index":0,"id":"","function":{"name":"f"}}]})");
  answer.add(llm::AnswerPart::fields,
             R"({"tool_calls":[{"index":1,"id":"x","function":{"name":"g","arguments":""}}]})");
  const std::string whole = completion_json(head, answer, {});
  EXPECT_THAT(whole,
              testing::HasSubstr(R"({"id":"call_7f_0","function":{"name":"f","arguments":"{}"},"type":"function"})"));
  EXPECT_THAT(whole, testing::HasSubstr(R"({"id":"x","function":{"name":"g","arguments":"{}"},"type":"function"})"));
  EXPECT_THAT(completion_part_event(head, llm::AnswerPart::fields, answer.fields[0]),
              testing::HasSubstr(R"("id":"call_7f_0")"));
  EXPECT_THAT(completion_part_event(head, llm::AnswerPart::fields,
                                    R"({"tool_calls":[{"index":0,"function":{"arguments":"{}"}}]})"),
              testing::Not(testing::HasSubstr("call_7f")));
}

}  // namespace
}  // namespace chatcore::api
