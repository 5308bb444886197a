#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "engine_fixture.h"
#include "guard/source/container_log_frames.h"
#include "guard/source/engine_time.h"

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

base::WallTime at(int nanoseconds) {
  return base::WallTime(std::chrono::nanoseconds(1'795'356'035'000'000'000 + nanoseconds));
}

// Which of the lines with these times are new.
std::vector<bool> accepted(ContainerLogPosition& position, std::initializer_list<int> times) {
  std::vector<bool> answers;
  for (const int time : times) answers.push_back(position.accept(at(time)));
  return answers;
}

TEST(LogPosition, AcceptsEveryLineOfTheFirstStreamFromSinceOn) {
  ContainerLogPosition position(at(5));
  EXPECT_THAT(accepted(position, {4, 5, 5, 6}), ElementsAre(false, true, true, true));
}

TEST(LogPosition, LeavesOutWhatAReopenedStreamRepeats) {
  ContainerLogPosition position(at(0));
  accepted(position, {1, 2});
  position.resume();
  EXPECT_EQ(position.since(), at(2));
  EXPECT_THAT(accepted(position, {2, 3}), ElementsAre(false, true));
}

TEST(LogPosition, TellsLinesOfTheSameTimeApartByTheirNumber) {
  ContainerLogPosition position(at(0));
  accepted(position, {1, 2, 2});
  position.resume();
  EXPECT_THAT(accepted(position, {2, 2, 2, 2}), ElementsAre(false, false, true, true));
  position.resume();
  EXPECT_THAT(accepted(position, {2, 2, 2, 2, 2}), ElementsAre(false, false, false, false, true));
}

TEST(LogPosition, SkipsLinesFromBeforeForEnginesThatTakeWholeSecondsOnly) {
  ContainerLogPosition position(at(0));
  accepted(position, {1, 2, 3});
  position.resume();
  EXPECT_THAT(accepted(position, {1, 2, 3, 4}), ElementsAre(false, false, false, true));
}

TEST(LogPosition, KeepsLinesThatTwoStreamsWroteALittleOutOfOrder) {
  ContainerLogPosition position(at(0));
  EXPECT_THAT(accepted(position, {5, 4, 6}), ElementsAre(true, true, true));
}

}  // namespace
}  // namespace guard::source
