#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "engine_fixture.h"
#include "guard/source/docker/log_frames.h"
#include "guard/source/docker/log_position.h"
#include "guard/source/docker/time.h"

namespace guard::source {
namespace {

using base::Code;
using testing::ElementsAre;
using testing::HasSubstr;

constexpr std::size_t kBound = 64u << 10;
const std::string kStamp = "2026-11-22T14:00:35.690079074Z ";
constexpr char kOutput = 1;
constexpr char kError = 2;

std::string frame(char stream, const std::string& payload) {
  std::string header(8, '\0');
  header[0] = stream;
  for (int index = 0; index < 4; ++index)
    header[static_cast<std::size_t>(4 + index)] = static_cast<char>(payload.size() >> (24 - 8 * index));
  return header + payload;
}

struct Decoded {
  std::vector<std::string> lines;
  std::vector<base::WallTime> times;
  base::Status status;
};

// Feeds `bytes` in pieces of `piece`, up to the first error.
Decoded decode(const std::string& bytes, bool tty, std::size_t piece = 1u << 30, std::size_t bound = kBound) {
  Decoded decoded;
  ContainerLogFrames frames(tty, bound);
  for (std::size_t from = 0; from < bytes.size() && decoded.status; from += piece)
    decoded.status =
        frames.feed(std::string_view(bytes).substr(from, piece), [&](std::string_view line, base::WallTime at) {
          decoded.lines.emplace_back(line);
          decoded.times.push_back(at);
        });
  return decoded;
}

TEST(LogFrames, OfARealEngineAreItsLines) {
  const auto decoded = decode(engine_fixture("docker_log_frames.bin"), false);
  ASSERT_TRUE(decoded.status);
  EXPECT_EQ(decoded.lines, std::vector<std::string>(14, "hello"));
  EXPECT_EQ(decoded.times.front(), parse_engine_time("2026-11-22T14:00:35.690079074Z"));
}

TEST(LogFrames, OfARealTerminalAreItsLines) {
  const auto decoded = decode(engine_fixture("docker_log_tty.txt"), true);
  ASSERT_TRUE(decoded.status);
  EXPECT_GE(decoded.lines.size(), 10U);
  for (const auto& line : decoded.lines) EXPECT_EQ(line, "hello");
}

TEST(LogFrames, CutAnywhereAreTheSameLines) {
  for (const bool tty : {false, true}) {
    const std::string bytes = engine_fixture(tty ? "docker_log_tty.txt" : "docker_log_frames.bin");
    const auto whole = decode(bytes, tty);
    for (std::size_t piece = 1; piece < 50; ++piece) EXPECT_EQ(decode(bytes, tty, piece).lines, whole.lines) << piece;
  }
}

TEST(LogFrames, JoinTheLineThatTheEngineSplit) {
  const std::string part(16 << 10, 'x');
  const auto decoded = decode(frame(kOutput, kStamp + part) + frame(kOutput, kStamp + "end\n"), false);
  ASSERT_TRUE(decoded.status);
  EXPECT_THAT(decoded.lines, ElementsAre(part + "end"));
}

TEST(LogFrames, JoinTheLineThatTheEngineSplitOnATerminal) {
  const std::string part(16 << 10, 'x');
  const auto decoded = decode(kStamp + part + kStamp + part + kStamp + "end\r\n", true, 1000);
  ASSERT_TRUE(decoded.status);
  EXPECT_THAT(decoded.lines, ElementsAre(part + part + "end"));
}

TEST(LogFrames, KeepATimeThatTheContainerItselfWroteInALine) {
  const auto decoded = decode(frame(kOutput, kStamp + kStamp + "text\n"), false);
  EXPECT_THAT(decoded.lines, ElementsAre(kStamp + "text"));
}

TEST(LogFrames, DoNotMixTheTwoStreams) {
  const auto decoded = decode(
      frame(kOutput, kStamp + "out ") + frame(kError, kStamp + "error\n") + frame(kOutput, kStamp + "put\n"), false);
  EXPECT_THAT(decoded.lines, ElementsAre("error", "out put"));
}

TEST(LogFrames, CutALineAtItsBoundAndGoOnWithTheNext) {
  for (const bool tty : {false, true}) {
    const std::string line = kStamp + std::string(1000, 'x') + "\n";
    const std::string next = kStamp + "next\n";
    const auto decoded = decode(tty ? line + next : frame(kOutput, line) + frame(kOutput, next), tty, 1u << 30, 100);
    ASSERT_TRUE(decoded.status);
    EXPECT_THAT(decoded.lines, ElementsAre(std::string(100, 'x'), "next"));
  }
}

TEST(LogFrames, KeepAnEmptyLineAndBytesThatAreNoText) {
  const auto decoded = decode(frame(kOutput, kStamp + "\n") + frame(kOutput, kStamp + "\xff\x01\n"), false);
  EXPECT_THAT(decoded.lines, ElementsAre("", "\xff\x01"));
}

TEST(LogFrames, OfTheEnginesOwnTroubleAreItsError) {
  const auto decoded = decode(frame(3, "Error grabbing logs: log file is gone\n"), false);
  ASSERT_FALSE(decoded.status);
  EXPECT_EQ(decoded.status.error().code, Code::unavailable);
  EXPECT_THAT(decoded.status.error().message, HasSubstr("log file is gone"));
}

class NoLogFrames : public testing::TestWithParam<std::string> {};
TEST_P(NoLogFrames, AreCorrupt) {
  const auto decoded = decode(GetParam(), false);
  ASSERT_FALSE(decoded.status);
  EXPECT_EQ(decoded.status.error().code, Code::corrupt);
}
INSTANTIATE_TEST_SUITE_P(Bytes, NoLogFrames,
                         testing::Values("2026-11-22T14:00:35.690079074Z text\n", frame(4, kStamp + "x\n"),
                                         frame(kOutput, "no time\n"), frame(kOutput, ""),
                                         std::string("\x01\x00\x00\x00\x7f\xff\xff\xff", 8),
                                         std::string("\x01\x00\x01\x00\x00\x00\x00\x10", 8)));

TEST(LogFrames, OfATerminalWithoutATimeAreCorrupt) {
  const auto decoded = decode("no time\n", true);
  ASSERT_FALSE(decoded.status);
  EXPECT_EQ(decoded.status.error().code, Code::corrupt);
}

base::WallTime at(std::int64_t milliseconds) {
  return base::WallTime(std::chrono::seconds(1'795'356'035) + std::chrono::milliseconds(milliseconds));
}

TEST(LogFrames, TellWhetherALineWasJoined) {
  for (const bool split : {false, true}) {
    ContainerLogFrames frames(false, kBound);
    const auto fed =
        frames.feed(frame(kOutput, kStamp + (split ? "part" : "line\n")) + frame(kOutput, kStamp + "end\n"),
                    [](std::string_view, base::WallTime) {});
    ASSERT_TRUE(fed);
    EXPECT_EQ(frames.has_joined(), split);
  }
}

TEST(LogPosition, TakesLinesFromSinceOn) {
  ContainerLogPosition position(at(5));
  EXPECT_FALSE(position.accept(at(4), "before"));
  EXPECT_TRUE(position.accept(at(5), "at"));
  EXPECT_TRUE(position.accept(at(6), "after"));
}

TEST(LogPosition, TakesALineOnce) {
  ContainerLogPosition position(at(0));
  EXPECT_TRUE(position.accept(at(1), "one"));
  EXPECT_FALSE(position.accept(at(1), "one"));
}

TEST(LogPosition, TellsLinesOfTheSameTimeApartByTheirText) {
  ContainerLogPosition position(at(0));
  EXPECT_TRUE(position.accept(at(1), "one"));
  EXPECT_TRUE(position.accept(at(1), "two"));
}

TEST(LogPosition, TellsLinesOfTheSameTextApartByTheirTime) {
  ContainerLogPosition position(at(0));
  EXPECT_TRUE(position.accept(at(1), "one"));
  EXPECT_TRUE(position.accept(at(1) + std::chrono::nanoseconds(1), "one"));
}

TEST(LogPosition, TakesALineThatIsFoundLate) {
  ContainerLogPosition position(at(0));
  EXPECT_TRUE(position.accept(at(1), "one"));
  EXPECT_TRUE(position.accept(at(3), "three"));
  EXPECT_TRUE(position.accept(at(2), "two"));
}

TEST(LogPosition, ReadsFromTheBeginningUntilItIsSettled) {
  ContainerLogPosition position(at(0));
  EXPECT_TRUE(position.accept(at(5'000), "one"));
  EXPECT_EQ(position.since(), at(0));
  EXPECT_EQ(position.unsettled(), 1U);
}

TEST(LogPosition, SettlesALittleBeforeTheLatestLine) {
  ContainerLogPosition position(at(0));
  for (const int time : {1'000, 4'000, 5'000}) EXPECT_TRUE(position.accept(at(time), "line"));
  position.settle();
  EXPECT_EQ(position.since(), at(4'000));
  EXPECT_EQ(position.unsettled(), 2U);
  EXPECT_FALSE(position.accept(at(3'999), "late"));
  EXPECT_FALSE(position.accept(at(4'000), "line"));
  EXPECT_TRUE(position.accept(at(4'000), "another"));
}

TEST(LogPosition, StaysWhereItIsWhenItSettlesWithoutALine) {
  ContainerLogPosition position(at(7));
  position.settle();
  EXPECT_EQ(position.since(), at(7));
}

TEST(LogPosition, NeverMovesBack) {
  ContainerLogPosition position(at(0));
  EXPECT_TRUE(position.accept(at(500), "line"));
  position.settle();
  EXPECT_EQ(position.since(), at(0));
}

TEST(LogPosition, BeginsAnewWhenTheClockWasSetBack) {
  ContainerLogPosition position(at(0));
  EXPECT_TRUE(position.accept(at(100'000), "line"));
  position.settle();
  position.notice_clock(at(96'999));
  EXPECT_EQ(position.since(), at(96'999));
  EXPECT_TRUE(position.accept(at(97'000), "line"));
}

TEST(LogPosition, StaysWhenTheClockIsOnlyALittleBehindTheEngines) {
  ContainerLogPosition position(at(0));
  EXPECT_TRUE(position.accept(at(100'000), "line"));
  position.settle();
  position.notice_clock(at(97'000));
  EXPECT_EQ(position.since(), at(99'000));
}

TEST(LogPosition, RemembersABoundedNumberOfLines) {
  ContainerLogPosition position(at(0));
  for (std::size_t index = 0; index <= ContainerLogPosition::kMaxKnown; ++index)
    EXPECT_TRUE(position.accept(at(static_cast<std::int64_t>(index)), "line"));
  EXPECT_EQ(position.unsettled(), ContainerLogPosition::kMaxKnown);
  EXPECT_FALSE(position.accept(at(0), "line"));
}

}  // namespace
}  // namespace guard::source
