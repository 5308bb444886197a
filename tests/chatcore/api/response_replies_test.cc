#include "chatcore/api/response_replies.h"

#include <string>
#include <vector>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace chatcore::api {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;
using testing::Not;

ResponseHead head() {
  return {.id = "resp_1", .model = "m", .created = base::WallTime(std::chrono::seconds(1700000000))};
}

TurnResult result(bool cut = false) {
  TurnResult turn;
  turn.prompt_tokens = 3;
  turn.answer_tokens = 2;
  turn.cut = cut;
  return turn;
}

// The types in their order; each event must name its type twice and have the next number.
std::vector<std::string> types_of(const std::string& stream) {
  std::vector<std::string> types;
  std::size_t at = 0;
  while (at < stream.size()) {
    const std::size_t line = stream.find('\n', at);
    const std::size_t end = stream.find("\n\n", at);
    EXPECT_EQ(stream.substr(at, 7), "event: ");
    const std::string type = stream.substr(at + 7, line - at - 7);
    EXPECT_THAT(stream.substr(line + 1, end - line - 1),
                testing::StartsWith("data: {\"type\":\"" + type +
                                    "\",\"sequence_number\":" + std::to_string(types.size()) + ","));
    types.push_back(type);
    at = end + 2;
  }
  return types;
}

TEST(ResponseEvents, AnAnswerHasOpenAisSequence) {
  ResponseEvents events(head());
  std::string stream = events.begin("msg_1");
  stream += events.delta("Hi ");
  stream += events.delta("there");
  stream += events.end(result());
  EXPECT_THAT(types_of(stream),
              ElementsAre("response.created", "response.in_progress", "response.output_item.added",
                          "response.content_part.added", "response.output_text.delta", "response.output_text.delta",
                          "response.output_text.done", "response.content_part.done", "response.output_item.done",
                          "response.completed"));
}

const FunctionCall kCall{.call_id = "call_1", .name = "f", .arguments = R"({"a":1})"};

TEST(ResponseEvents, FunctionCallsComeInsteadOfAMessage) {
  ResponseHead with_tools = head();
  with_tools.may_call_functions = true;
  ResponseEvents events(with_tools);
  const std::string begin = events.begin("msg_1");
  const std::string end = events.end(result(), {kCall, kCall});
  EXPECT_THAT(
      types_of(begin + end),
      ElementsAre("response.created", "response.in_progress", "response.output_item.added",
                  "response.function_call_arguments.delta", "response.function_call_arguments.done",
                  "response.output_item.done", "response.output_item.added", "response.function_call_arguments.delta",
                  "response.function_call_arguments.done", "response.output_item.done", "response.completed"));
  EXPECT_THAT(end, HasSubstr(R"("output_index":1,"item":{"id":"fc_)"));
  EXPECT_THAT(end, HasSubstr(R"("arguments":"{\"a\":1}","call_id":"call_1","name":"f")"));
  EXPECT_THAT(end, Not(HasSubstr("msg_1")));
}

TEST(ResponseEvents, FunctionCallsFollowTheText) {
  ResponseHead with_tools = head();
  with_tools.may_call_functions = true;
  ResponseEvents events(with_tools);
  std::string stream = events.begin("msg_1");
  stream += events.delta("Wait");
  stream += events.end(result(), {kCall});
  EXPECT_THAT(stream, HasSubstr(R"("output_index":1,"item":{"id":"fc_)"));
  EXPECT_THAT(stream, HasSubstr(R"("output_index":0,"item":{"id":"msg_1")"));
  EXPECT_THAT(stream, HasSubstr(R"("text":"Wait")"));
}

TEST(ResponseEvents, AreExactlyThese) {
  ResponseEvents events(head());
  (void)events.begin("msg_1");
  EXPECT_EQ(events.delta("a\n\"b\""), R"(event: response.output_text.delta
data: {"type":"response.output_text.delta","sequence_number":4,"item_id":"msg_1","output_index":0,"content_index":0,"delta":"a\n\"b\"","logprobs":[]}

)");
  const std::string end = events.end(result());
  EXPECT_THAT(end, testing::StartsWith(R"(event: response.output_text.done
data: {"type":"response.output_text.done","sequence_number":5,"item_id":"msg_1","output_index":0,"content_index":0,"text":"a\n\"b\"","logprobs":[]}

event: response.content_part.done
data: {"type":"response.content_part.done","sequence_number":6,"item_id":"msg_1","output_index":0,"content_index":0,"part":{"type":"output_text","text":"a\n\"b\"","annotations":[],"logprobs":[]}}

event: response.output_item.done
data: {"type":"response.output_item.done","sequence_number":7,"output_index":0,"item":{"id":"msg_1","type":"message","status":"completed","role":"assistant","content":[{"type":"output_text","text":"a\n\"b\"","annotations":[],"logprobs":[]}]}}

event: response.completed
)"));
}

TEST(ResponseEvents, ACutAnswerIsIncompleteAndSaysWhy) {
  ResponseEvents events(head());
  std::string stream = events.begin("msg_1");
  stream += events.delta("Hi");
  stream += events.end(result(true));
  EXPECT_EQ(types_of(stream).back(), "response.incomplete");
  EXPECT_THAT(stream, HasSubstr(R"("incomplete_details":{"reason":"max_output_tokens"})"));
  TurnResult filtered = result();
  filtered.filtered = true;
  EXPECT_THAT(response_json(head(), "msg_1", "I must", filtered), HasSubstr(R"("status":"incomplete")"));
  EXPECT_THAT(response_json(head(), "msg_1", "I must", filtered),
              HasSubstr(R"("incomplete_details":{"reason":"content_filter"})"));
}

TEST(ResponseEvents, AFailedOneKeepsWhatThereWasAndHasNoTopLevelError) {
  ResponseEvents events(head());
  std::string stream = events.begin("msg_1");
  stream += events.delta("Hi");
  stream += events.fail({.status = 503, .message = "down", .code = "unavailable"});
  EXPECT_EQ(types_of(stream).back(), "response.failed");
  const std::string last = stream.substr(stream.find("event: response.failed"));
  EXPECT_THAT(last, HasSubstr(R"("error":{"code":"server_error","message":"down"})"));
  EXPECT_THAT(last, HasSubstr(R"("status":"incomplete")"));
  EXPECT_THAT(last, HasSubstr(R"("text":"Hi")"));
}

std::string make_id() { return "rs_1"; }

TEST(ResponseEvents, RequestedReasoningIsAnItemBeforeTheAnswer) {
  auto asked = head();
  asked.reasoning_summary = "auto";
  ResponseEvents events(asked);
  std::string stream = events.begin("msg_1");
  stream += events.reasoning("h", &make_id);
  stream += events.reasoning("m", &make_id);
  stream += events.delta("Hi");
  stream += events.reasoning("late", &make_id);
  stream += events.end(result());
  EXPECT_THAT(
      types_of(stream),
      ElementsAre("response.created", "response.in_progress", "response.output_item.added",
                  "response.reasoning_summary_part.added", "response.reasoning_summary_text.delta",
                  "response.reasoning_summary_text.delta", "response.reasoning_summary_text.done",
                  "response.reasoning_summary_part.done", "response.output_item.done", "response.output_item.added",
                  "response.content_part.added", "response.output_text.delta", "response.output_text.done",
                  "response.content_part.done", "response.output_item.done", "response.completed"));
  const std::string item = R"({"id":"rs_1","type":"reasoning","summary":[{"type":"summary_text","text":"hm"}]})";
  EXPECT_THAT(stream, HasSubstr(R"("output":[)" + item + R"(,{"id":"msg_1")"));
  EXPECT_THAT(stream, HasSubstr(R"("item_id":"msg_1","output_index":1,"content_index":0,"delta":"Hi")"));
  EXPECT_THAT(response_json(asked, "msg_1", "Hi", result(), {.id = "rs_1", .text = "hm"}), HasSubstr("[" + item + ","));
}

TEST(ResponseEvents, AnAnswerWithoutReasoningHasNoItemForIt) {
  auto asked = head();
  asked.reasoning_summary = "auto";
  ResponseEvents events(asked);
  std::string stream = events.begin("msg_1");
  stream += events.end(result());
  EXPECT_THAT(types_of(stream),
              ElementsAre("response.created", "response.in_progress", "response.output_item.added",
                          "response.content_part.added", "response.output_text.done", "response.content_part.done",
                          "response.output_item.done", "response.completed"));
  EXPECT_THAT(stream, Not(HasSubstr("rs_")));
}

TEST(Response, ShowsWhatWasAsked) {
  auto asked = head();
  asked.conversation_id = "c";
  asked.instructions = "Be brief.";
  asked.max_output_tokens = 9;
  asked.metadata = R"({"k":"v"})";
  const std::string text = response_json(asked, "msg_1", "Hi", result());
  for (const char* part : {R"("status":"completed")", R"("conversation":{"id":"c"})", R"("instructions":"Be brief.")",
                           R"("max_output_tokens":9)", R"("metadata":{"k":"v"})", R"("incomplete_details":null)",
                           R"("usage":{"input_tokens":3,"input_tokens_details":{"cached_tokens":0},"output_tokens":2,)"
                           R"("output_tokens_details":{"reasoning_tokens":0},"total_tokens":5})"}) {
    EXPECT_THAT(text, HasSubstr(part));
  }
}

TEST(Response, OneReadBackTellsWhetherItIsWhole) {
  conversation::Message answer{.role = conversation::Role::assistant, .content = "Hi", .sequence = 2};
  EXPECT_THAT(stored_response_json(head(), "msg_1", answer), Not(HasSubstr("incomplete\"")));
  answer.interrupted = true;
  EXPECT_THAT(stored_response_json(head(), "msg_1", answer), HasSubstr(R"("status":"incomplete")"));
}

}  // namespace
}  // namespace chatcore::api
