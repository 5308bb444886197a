// Behaviours of real backends, one per line: the bytes, and the expected answer. Each is read whole and split at every
// byte.

#include "chatcore/llm/answer_reader.h"

#include <string>
#include <vector>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace chatcore::llm {
namespace {

std::string event(const std::string& data) { return "data: " + data + "\n\n"; }
std::string said(const std::string& text) {
  return event(R"({"choices":[{"index":0,"delta":{"content":")" + text + R"("},"finish_reason":null}]})");
}
std::string ended(const std::string& reason) {
  return event(R"({"choices":[{"index":0,"delta":{},"finish_reason":")" + reason + R"("}]})");
}
std::string delta(const std::string& fields) { return event(R"({"choices":[{"delta":{)" + fields + "}}]}"); }
const std::string kStop = ended("stop");
const std::string kDone = event("[DONE]");
const std::string kHello = said("Hello") + said(" world");
const std::string kUsage = R"("usage":{"prompt_tokens":7,"completion_tokens":2})";

struct Answer {
  std::string text;
  std::string others;  // "name=piece;" for each other part
  std::string error;   // "" for a good end
  Generated generated;
  bool has_begun = false;
};

Answer read(std::string_view bytes, std::size_t piece) {
  AnswerReader reader;
  Answer answer;
  const auto sink = [&](AnswerPart part, std::string_view text) {
    if (part == AnswerPart::text)
      answer.text += text;
    else
      answer.others += std::string(name_of(part)) + "=" + std::string(text) + ";";
  };
  base::Status status;
  for (; !bytes.empty() && status; bytes.remove_prefix(std::min(piece, bytes.size()))) {
    status = reader.feed(bytes.substr(0, piece), sink);
  }
  if (status) status = reader.finish(sink);
  if (!status) answer.error = status.error().message;
  answer.generated = reader.generated();
  answer.has_begun = reader.has_begun();
  return answer;
}

struct Case {
  const char* name;
  std::string bytes;
  std::string text = "Hello world";
  std::string error = "";  // a part of it
  bool is_cut = false;
  bool is_filtered = false;
  bool calls_tools = false;
  std::string others = "";
  std::size_t prompt_tokens = 0;  // 0: nobody counted
};

void expect_read(const Case& one, std::size_t piece) {
  SCOPED_TRACE(std::string(one.name) + " in pieces of " + std::to_string(piece));
  const Answer answer = read(one.bytes, piece);
  EXPECT_EQ(answer.text, one.text);
  if (one.error.empty())
    EXPECT_EQ(answer.error, "");
  else
    EXPECT_THAT(answer.error, testing::HasSubstr(one.error));
  EXPECT_EQ(answer.generated.is_cut, one.is_cut);
  EXPECT_EQ(answer.generated.is_filtered, one.is_filtered);
  EXPECT_EQ(answer.generated.calls_tools, one.calls_tools);
  if (piece >= one.bytes.size()) {
    EXPECT_EQ(answer.others, one.others);
  }
  EXPECT_EQ(answer.generated.usage ? answer.generated.usage->prompt : 0, one.prompt_tokens);
}

void expect_all_read(const std::vector<Case>& cases) {
  for (const auto& one : cases) {
    for (const std::size_t piece : {one.bytes.size() + 1, std::size_t{1}, std::size_t{7}}) expect_read(one, piece);
  }
}

std::string with_line_ends(std::string bytes, const std::string& end) {
  for (std::size_t at = 0; (at = bytes.find('\n', at)) != std::string::npos; at += end.size())
    bytes.replace(at, 1, end);
  return bytes;
}

std::string with_single_line_ends(std::string bytes) {
  for (std::size_t at = 0; (at = bytes.find("\n\n")) != std::string::npos;) bytes.erase(at, 1);
  return bytes;
}

std::string as_lines(std::string bytes) {
  bytes = with_single_line_ends(std::move(bytes));
  for (std::size_t at = 0; (at = bytes.find("data: ")) != std::string::npos;) bytes.erase(at, 6);
  return bytes;
}

TEST(AnswerReader, DeliversThePiecesOfLenientStreamsAsTheyCome) {
  for (const std::string& bytes : {with_single_line_ends(kHello), as_lines(kHello)}) {
    AnswerReader reader;
    std::string text;
    EXPECT_TRUE(reader.feed(bytes, [&](AnswerPart, std::string_view piece) { text += piece; }));
    EXPECT_THAT(text, testing::StartsWith("Hello")) << bytes;
  }
}

TEST(AnswerReader, ReadsLenientStreamsToTheirEnd) {
  expect_all_read({
      {.name = "events of one line", .bytes = with_single_line_ends(kHello + kStop + kDone)},
      {.name = "an object a line", .bytes = as_lines(kHello + kStop)},
      {.name = "the last line without its end",
       .bytes = as_lines(kHello) + R"({"choices":[{"delta":{},"finish_reason":"stop"}]})"},
      {.name = "CRLF", .bytes = with_line_ends(as_lines(kHello + kStop), "\r\n")},
      {.name = "the last line is missing", .bytes = as_lines(kHello), .error = "broke off"},
      {.name = "a document and a line end",
       .bytes = R"({"choices":[{"message":{"content":"Hello world"}}]})"
                "\n"},
      {.name = "a document of several lines",
       .bytes = "{\"choices\":[\n{\"message\":{\"content\":\"Hello world\"}}\n]}\n"},
      {.name = "an error behind the first line",
       .bytes = as_lines(said("Hello world")) + R"({"error":{"code":500}})"
                                                "\n",
       .error = "reported"},
  });
}

TEST(AnswerReader, ReadsOllamasOwnForm) {
  const auto line = [](const std::string& text, const std::string& rest) {
    return R"({"model":"m","message":{"role":"assistant","content":")" + text + R"("},)" + rest + "}\n";
  };
  const std::string begin = line("Hello ", R"("done":false)") + line("world", R"("done":false)");
  expect_all_read({
      {.name = "streamed", .bytes = begin + line("", R"("done":true,"done_reason":"stop")")},
      {.name = "cut", .bytes = begin + line("", R"("done":true,"done_reason":"length")"), .is_cut = true},
      {.name = "whole", .bytes = line("Hello world", R"("done":true)")},
      {.name = "broken off", .bytes = begin, .error = "broke off"},
  });
}

TEST(AnswerReader, ACompleteAnswerIsNotSpoiltByWhatFollows) {
  expect_all_read({
      {.name = "another spelling of the end", .bytes = kHello + kStop + event("[done]")},
      {.name = "a quoted end", .bytes = kHello + kStop + event("\"[DONE]\"")},
      {.name = "text", .bytes = kHello + kStop + event("bye")},
      {.name = "text before the end", .bytes = kHello + event("bye") + kStop, .error = "not a JSON object"},
      {.name = "wrapped twice", .bytes = "data: " + said("Hello") + "data: " + said(" world") + kStop + kDone},
  });
}

TEST(AnswerReader, ReadsTheFormsOfAStream) {
  expect_all_read({
      {.name = "as it should be",
       .bytes = kHello + kStop + event(R"({"choices":[],)" + kUsage + "}") + kDone,
       .prompt_tokens = 7},
      {.name = "choices null",
       .bytes = kHello + kStop + event(R"({"choices":null,)" + kUsage + "}") + kDone,
       .prompt_tokens = 7},
      {.name = "choices missing", .bytes = kHello + kStop + event("{" + kUsage + "}") + kDone, .prompt_tokens = 7},
      {.name = "counts before the end",
       .bytes = kHello + event("{" + kUsage + "}") + kStop + kDone,
       .prompt_tokens = 7},
      {.name = "foreign objects",
       .bytes = event(R"({"type":"ping"})") + event("[]") + event("7") + kHello + kStop + kDone},
      {.name = "empty data", .bytes = "data:\n\ndata: \n\n" + kHello + kStop + kDone},
      {.name = "heartbeats",
       .bytes = "event: ping\ndata: x\n\n" + event("ping") + event(": keep-alive") + kHello + kStop + kDone},
      {.name = "comments", .bytes = ": PROCESSING\n\n" + kHello + ": keep-alive\n\n" + kStop + kDone},
      {.name = "CR LF", .bytes = with_line_ends(kHello + kStop + kDone, "\r\n")},
      {.name = "CR", .bytes = with_line_ends(kHello + kStop + kDone, "\r")},
      {.name = "byte order mark", .bytes = "\xEF\xBB\xBF" + kHello + kStop + kDone},
      {.name = "blank lines first", .bytes = "\n\n" + kHello + kStop + kDone},
      {.name = "other fields", .bytes = "id: 1\nretry: 100\nevent: message\n" + kHello + kStop + kDone},
      {.name = "no [DONE]", .bytes = kHello + kStop},
      {.name = "no blank line at the end",
       .bytes = kHello + "data: " + R"({"choices":[{"delta":{},"finish_reason":"stop"}]})"},
      {.name = "[DONE] without a reason", .bytes = kHello + kDone},
      {.name = "text with the reason",
       .bytes = said("Hello") + event(R"({"choices":[{"delta":{"content":" world"},"finish_reason":"stop"}]})")},
      {.name = "after [DONE]", .bytes = kHello + kStop + kDone + said("more")},
      {.name = "message once more",
       .bytes = kHello + event(R"({"choices":[{"message":{"content":"Hello world"},"finish_reason":"stop"}]})")},
      {.name = "one document",
       .bytes = R"( {"choices":[{"message":{"content":"Hello world"},"finish_reason":"length"}],)" + kUsage + "}",
       .is_cut = true,
       .prompt_tokens = 7},
      {.name = "one document without a reason", .bytes = R"({"choices":[{"message":{"content":"Hello world"}}]})"},
      {.name = "a document a line", .bytes = R"({"choices":[{"delta":{"content":"Hello"}}]}
{"choices":[{"delta":{"content":" world"},"finish_reason":"stop"}]}
)"},
      {.name = "halves of letters",
       .bytes = said("\\ud83d") + said("\\ude00") + said("\xC3") + said("\xA9") + kStop,
       .text = "😀é"},
      {.name = "half a letter", .bytes = said("a\\ud83d") + kStop + kDone, .text = "a\uFFFD"},
      {.name = "nothing but white space said", .bytes = said("") + kStop + kDone, .text = ""},
  });
}

// Lines that each are an event, as some servers write them.
TEST(AnswerReader, ReadsEventsThatEndWithOneLineEnd) {
  std::string bytes = kHello + kStop + kDone;
  for (std::size_t at = 0; (at = bytes.find("\n\n")) != std::string::npos;) bytes.erase(at, 1);
  expect_all_read({{.name = "one line's end", .bytes = bytes}});
}

TEST(AnswerReader, TellsHowTheAnswerEnded) {
  expect_all_read({
      {.name = "cut", .bytes = kHello + ended("MAX_TOKENS") + kDone, .is_cut = true},
      {.name = "filtered", .bytes = kHello + ended("content_filter") + kDone, .is_filtered = true},
      {.name = "unknown", .bytes = kHello + ended("eos_token") + kDone},
      {.name = "thought and no answer",
       .bytes = delta(R"("reasoning_content":"hm")") + ended("length"),
       .text = "",
       .is_cut = true,
       .others = "reasoning_content=hm;"},
      {.name = "refused",
       .bytes = delta(R"("content":null,"refusal":"No.")") + kStop,
       .text = "",
       .others = "refusal=No.;"},
      {.name = "called a tool",
       .bytes = delta(R"("tool_calls":[{"index":0,"id":"1"}])") + ended("tool_calls"),
       .text = "",
       .calls_tools = true,
       .others = R"(={"tool_calls":[{"index":0,"id":"1"}]};)"},
      {.name = "called a tool and lost the call",
       .bytes = said("") + ended("tool_calls"),
       .text = "",
       .calls_tools = true},
      {.name = "said something and called nothing", .bytes = kHello + ended("tool_calls")},
      {.name = "called a function",
       .bytes = delta(R"("function_call":{"name":"f"})") + kStop,
       .text = "",
       .calls_tools = true,
       .others = R"(={"function_call":{"name":"f"}};)"},
  });
}

TEST(AnswerReader, FindsAnErrorInAnyPlace) {
  expect_all_read({
      {.name = "in an event",
       .bytes = said("Hello") + event(R"({"error":{"message":"boom","code":500}})") + kDone,
       .text = "Hello",
       .error = "reported an error (500)"},
      {.name = "first",
       .bytes = event(R"({"error":{"type":"server_error"}})") + kDone,
       .text = "",
       .error = "(server_error)"},
      {.name = "by its event's type",
       .bytes = said("Hello") + "event: error\ndata: {\"message\":\"boom\"}\n\n" + kDone,
       .text = "Hello",
       .error = "reported an error"},
      {.name = "in a choice",
       .bytes = said("Hello") + event(R"({"choices":[{"error":{"code":502}}]})"),
       .text = "Hello",
       .error = "reported an error"},
      {.name = "as a reason",
       .bytes = said("Hello") + ended("error") + kDone,
       .text = "Hello",
       .error = "with an error"},
      {.name = "as text",
       .bytes = said("Hello") + event("Internal Server Error"),
       .text = "Hello",
       .error = "not a JSON"},
      {.name = "as a document",
       .bytes = R"({"error":{"message":"model is loading","code":503}})",
       .text = "",
       .error = "(503)"},
      {.name = "as a text in quotes", .bytes = event("\"overloaded\""), .text = "", .error = "not a JSON"},
      {.name = "as a page", .bytes = "<html>Sign in</html>", .text = "", .error = "web page"},
      {.name = "as plain text", .bytes = "upstream connect error", .text = "", .error = "sent no answer"},
      {.name = "nothing", .bytes = "", .text = "", .error = "sent no answer"},
      {.name = "a stream without an answer",
       .bytes = event(R"({"type":"ping"})") + kDone,
       .text = "",
       .error = "without an answer"},
      {.name = "broken off", .bytes = kHello, .error = "broke off"},
      {.name = "broken off in a document", .bytes = R"({"choices":[{"message":)", .text = "", .error = "not a JSON"},
  });
}

TEST(AnswerReader, TheAnswerHasNotBegunWhileTheModelThinks) {
  EXPECT_FALSE(
      read(": comment\n\n" + delta(R"("role":"assistant","content":"")") + delta(R"("reasoning":"hm")"), 5).has_begun);
  EXPECT_TRUE(read(said("a"), 5).has_begun);
  EXPECT_TRUE(read(delta(R"("refusal":"No.")"), 5).has_begun);
  EXPECT_TRUE(read(delta(R"("tool_calls":[{"id":"1"}])"), 5).has_begun);
}

TEST(AnswerReader, AnEventOfFourMebibytesIsReadAndALargerOneRefused) {
  const std::string letters(SseParser::kMaxEventBytes - 200, 'x');
  EXPECT_EQ(read(said(letters) + kStop, 16 << 10).text, letters);
  EXPECT_THAT(read(said(letters + std::string(300, 'x')) + kStop, 16 << 10).error, testing::HasSubstr("too large"));
  EXPECT_THAT(read("{" + letters + std::string(300, ' '), 16 << 10).error, testing::HasSubstr("too large"));
}

TEST(AnswerReader, ReportsTheBytesThatItBuffers) {
  AnswerReader reader;
  ASSERT_TRUE(reader.feed("data: " + std::string(1 << 20, 'x'), [](AnswerPart, std::string_view) {}));
  EXPECT_GE(reader.bytes_held(), std::size_t{1} << 20U);
}

}  // namespace
}  // namespace chatcore::llm
