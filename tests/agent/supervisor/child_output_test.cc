// What a command prints, through a real pipe.

#include "agent/supervisor/child_output.h"

#include <string>
#include <vector>

#include <fcntl.h>
#include <sys/ioctl.h>
#include <unistd.h>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace agent {
namespace {

using testing::ElementsAre;
using testing::IsEmpty;

// The pipe is the command's; `keep` is another end of it, as a holder has.
class Printed {
 public:
  Printed() {
    int ends[2] = {-1, -1};
    EXPECT_EQ(::pipe2(ends, O_CLOEXEC | O_NONBLOCK), 0);
    keep = ends[0];
    write_end = ends[1];
    output.open(::dup(keep));
  }
  ~Printed() {
    ::close(keep);
    if (write_end >= 0) ::close(write_end);
  }
  Printed(const Printed&) = delete;
  Printed& operator=(const Printed&) = delete;

  void print(std::string_view text) const {
    EXPECT_EQ(::write(write_end, text.data(), text.size()), static_cast<ssize_t>(text.size()));
  }
  [[nodiscard]] int left() const {
    int size = 0;
    ::ioctl(keep, FIONREAD, &size);
    return size;
  }
  void run_until(const std::function<bool()>& condition) {
    const base::Pending deadline = loop.after(std::chrono::seconds(20), [this] {
      ADD_FAILURE() << "what was waited for did not come in 20 s";
      loop.stop();
    });
    const base::Pending look = loop.every(std::chrono::milliseconds(1), [&](int) {
      if (condition()) loop.stop();
    });
    loop.run();
  }

  base::EventLoop loop{1};
  int keep = -1;
  int write_end = -1;
  std::vector<std::string> lines;
  std::string passed_on;
  bool is_slow = false;  // does not say that it has passed the bytes on
  ChildOutput output{loop, [this](std::string_view line) { lines.emplace_back(line); },
                     [this](std::string_view bytes, const std::function<void()>& done) {
                       passed_on.append(bytes);
                       if (!is_slow) done();
                     }};
};

TEST(ChildOutput, LeavesThePipeWhenItHasBeenDealtWith) {
  Printed printed;
  printed.print("one\ntwo\n");
  printed.run_until([&] { return printed.left() == 0; });
  EXPECT_THAT(printed.lines, ElementsAre("one", "two"));
  EXPECT_EQ(printed.passed_on, "one\ntwo\n");
}

TEST(ChildOutput, StaysInThePipeForTheNextAgentUntilItHasBeenDealtWith) {
  Printed printed;
  printed.is_slow = true;
  printed.print("one\n");
  printed.run_until([&] { return !printed.lines.empty(); });
  EXPECT_EQ(printed.left(), 4);
  printed.output.abandon();
  EXPECT_EQ(printed.left(), 4);
}

TEST(ChildOutput, OfASlowReaderIsTakenInTheEndAndDeliveredOnce) {
  Printed printed;
  printed.is_slow = true;
  printed.print("one\n");
  printed.run_until([&] { return printed.left() == 0; });
  printed.print("two\n");
  printed.run_until([&] { return printed.left() == 0; });
  EXPECT_THAT(printed.lines, ElementsAre("one", "two"));
}

TEST(ChildOutput, HalfALineStaysUntilItsOtherHalfComes) {
  Printed printed;
  printed.print("one\nhal");
  printed.run_until([&] { return printed.left() == 3; });
  EXPECT_THAT(printed.lines, ElementsAre("one"));
  printed.print("f\n");
  printed.run_until([&] { return printed.left() == 0; });
  EXPECT_THAT(printed.lines, ElementsAre("one", "half"));
}

TEST(ChildOutput, APromptIsPassedOnThoughItsLineDoesNotEnd) {
  Printed printed;
  printed.print("password: ");
  printed.run_until([&] { return printed.left() == 0; });
  EXPECT_EQ(printed.passed_on, "password: ");
  EXPECT_THAT(printed.lines, IsEmpty());
  printed.print("\n");
  printed.run_until([&] { return printed.left() == 0; });
  EXPECT_THAT(printed.lines, ElementsAre("password: "));
}

TEST(ChildOutput, APipeThatIsFullOfOneLineIsEmptied) {
  Printed printed;
  printed.print(std::string(64u << 10, 'x'));
  printed.run_until([&] { return printed.left() == 0; });
  EXPECT_EQ(printed.passed_on.size(), 64u << 10);
}

TEST(ChildOutput, EndsWithWhatWasPrintedLast) {
  Printed printed;
  printed.print("one\ntwo");
  printed.output.finish();
  EXPECT_THAT(printed.lines, ElementsAre("one", "two"));
  EXPECT_EQ(printed.left(), 0);
}

TEST(ChildOutput, OfAPipeThatIsClosedEnds) {
  Printed printed;
  printed.print("one\ntwo");
  ::close(std::exchange(printed.write_end, -1));
  printed.run_until([&] { return printed.lines.size() == 2; });
  EXPECT_THAT(printed.lines, ElementsAre("one", "two"));
}

}  // namespace
}  // namespace agent
