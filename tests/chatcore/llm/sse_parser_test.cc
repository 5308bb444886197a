#include "chatcore/llm/sse_parser.h"

#include <string>
#include <vector>

#include <gtest/gtest.h>

namespace chatcore::llm {
namespace {

using Events = std::vector<std::pair<std::string, std::string>>;  // type and data

base::Status feed(SseParser& parser, std::string_view bytes, Events& events) {
  return parser.feed(bytes, [&](const SseEvent& event) -> base::Status {
    events.emplace_back(event.type, event.data);
    return {};
  });
}

Events parse(std::string_view bytes, std::size_t piece = std::string::npos) {
  SseParser parser;
  Events events;
  for (; !bytes.empty(); bytes.remove_prefix(std::min(piece, bytes.size()))) {
    EXPECT_TRUE(feed(parser, bytes.substr(0, piece), events));
  }
  return events;
}

TEST(SseParser, ALineThatIsAnEventByItselfIsDeliveredWithTheNextOneOnRequest) {
  SseParser parser(1000, [](std::string_view data) { return data.ends_with('}'); });
  Events events;
  EXPECT_TRUE(feed(parser, "data: {a}\ndata: {b}\n", events));
  EXPECT_EQ(events, (Events{{"message", "{a}"}}));
  EXPECT_TRUE(feed(parser, "data: {c\ndata: d}\n\n", events));
  EXPECT_EQ(events, (Events{{"message", "{a}"}, {"message", "{b}"}, {"message", "{c\nd}"}}));
}

TEST(SseParser, ReadsAnEvent) { EXPECT_EQ(parse("data: hello\n\n"), (Events{{"message", "hello"}})); }

TEST(SseParser, ReadsLinesThatEndInEveryWay) {
  for (const char* bytes : {"data: a\n\ndata: b\n\n", "data: a\r\n\r\ndata: b\r\n\r\n", "data: a\r\rdata: b\r\r"}) {
    EXPECT_EQ(parse(bytes), (Events{{"message", "a"}, {"message", "b"}})) << bytes;
  }
}

TEST(SseParser, ReadsTheSameWhereverTheBytesAreSplit) {
  const std::string bytes = "\xEF\xBB\xBF: hi\r\nevent: one\r\ndata: a\r\ndata: b\r\n\r\nid: 7\ndata:c\n\ndata\n\n\n";
  const Events whole{{"one", "a\nb"}, {"message", "c"}, {"message", ""}};
  for (std::size_t piece = 1; piece <= bytes.size(); ++piece) EXPECT_EQ(parse(bytes, piece), whole) << piece;
}

TEST(SseParser, TakesOneSpaceAwayAndNoMore) {
  EXPECT_EQ(parse("data:a\n\ndata:  a\n\n"), (Events{{"message", "a"}, {"message", " a"}}));
}

TEST(SseParser, AnEventWithoutDataIsNone) { EXPECT_EQ(parse("event: ping\n\n: comment\n\nretry: 5\n\n"), Events{}); }

TEST(SseParser, AnEventThatDoesNotEndIsNone) { EXPECT_EQ(parse("data: a\n\ndata: b\n"), (Events{{"message", "a"}})); }

TEST(SseParser, TheLastEventNeedsNoBlankLineWhenTheStreamHasEnded) {
  for (const char* bytes :
       {"data: a\n\ndata: b\n", "data: a\n\ndata: b", "data: a\n\ndata: b\n\n", "data: a\r\rdata: b\r"}) {
    SseParser parser;
    Events events;
    ASSERT_TRUE(feed(parser, bytes, events));
    ASSERT_TRUE(parser.finish([&](const SseEvent& event) -> base::Status {
      events.emplace_back(event.type, event.data);
      return {};
    }));
    EXPECT_EQ(events, (Events{{"message", "a"}, {"message", "b"}})) << bytes;
  }
}

TEST(SseParser, ATypeIsForOneEventOnly) {
  EXPECT_EQ(parse("event: x\ndata: 1\n\ndata: 2\n\n"), (Events{{"x", "1"}, {"message", "2"}}));
}

TEST(SseParser, ALineAtTheBoundIsTakenAndALongerOneRefusedHoweverItComes) {
  const std::string at_bound = "data: " + std::string(94, 'x');
  for (const std::size_t piece : {std::size_t{1}, std::size_t{33}, std::size_t{1000}}) {
    for (const bool over : {false, true}) {
      SseParser parser(100);
      Events events;
      base::Status status;
      const std::string bytes = at_bound + (over ? "x" : "") + "\n\n";
      for (std::size_t i = 0; i < bytes.size() && status; i += piece) {
        status = feed(parser, std::string_view(bytes).substr(i, piece), events);
      }
      EXPECT_EQ(status.has_value(), !over) << piece;
      EXPECT_EQ(events.size(), over ? 0U : 1U);
    }
  }
}

TEST(SseParser, ManyDataLinesOfOneEventAreBoundedTogether) {
  SseParser parser(100);
  Events events;
  base::Status status;
  for (int line = 0; line < 200 && status; ++line) status = feed(parser, "data: x\n", events);
  ASSERT_FALSE(status);
  EXPECT_EQ(status.error().code, base::Code::too_large);
}

TEST(SseParser, AnErrorOfTheReaderStopsIt) {
  SseParser parser;
  int seen = 0;
  const auto status = parser.feed("data: 1\n\ndata: 2\n\n", [&](const SseEvent&) -> base::Status {
    ++seen;
    return base::fail(base::Code::corrupt, "no");
  });
  EXPECT_EQ(status.error().code, base::Code::corrupt);
  EXPECT_EQ(seen, 1);
}

}  // namespace
}  // namespace chatcore::llm
