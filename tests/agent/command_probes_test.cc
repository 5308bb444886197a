// Real commands as health probes, under a real loop: what hangs, floods, forks and is not there.

#include "agent/command_probes.h"

#include <algorithm>
#include <cerrno>
#include <csignal>
#include <filesystem>
#include <fstream>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "agent/supervisor/supervisor.h"
#include "tests/base/temporary_folder.h"

namespace agent {
namespace {

using guard::source::ProbeAnswer;
using std::chrono::milliseconds;
using std::chrono::seconds;
using testing::HasSubstr;
using testing::StartsWith;
using Kind = ProbeAnswer::Kind;

class CommandProbesTest : public testing::Test {
 protected:
  CommandProbesTest() {
    signals_ = loop_.on_signals({SIGCHLD}, [this](int) { supervisor_.reap(); });
    supervisor_.on_other_end([this](pid_t pid, int status) { probes_.on_end(pid, status); });
  }
  std::unique_ptr<guard::source::ProbeAttempt> begin(std::vector<std::string> argv, base::Duration timeout) {
    answer_.reset();
    return probes_.ask({"web/script", std::move(argv), timeout},
                       [this](ProbeAnswer answer) { answer_ = std::move(answer); });
  }
  ProbeAnswer ask(std::vector<std::string> argv, base::Duration timeout = seconds(10)) {
    const auto attempt = begin(std::move(argv), timeout);
    EXPECT_FALSE(answer_) << "not before the attempt is returned";
    run_until([&] { return answer_.has_value(); });
    return answer_.value_or(ProbeAnswer{});
  }
  ProbeAnswer shell(const std::string& script, base::Duration timeout = seconds(10)) {
    return ask({"/bin/sh", "-c", script}, timeout);
  }
  void run_until(const std::function<bool()>& fact) {
    const base::Pending deadline = loop_.after(seconds(20), [this] {
      ADD_FAILURE() << "what was waited for did not come";
      loop_.stop();
    });
    const base::Pending look = loop_.every(milliseconds(1), [&](int) {
      if (fact()) loop_.stop();
    });
    loop_.run();
  }
  // The process whose id the script has written there, which is to be gone.
  void expect_gone(const std::string& file) {
    pid_t pid = 0;
    std::ifstream(folder_.at(file)) >> pid;
    ASSERT_GT(pid, 0) << "it was never started";
    run_until([&] { return ::kill(pid, 0) != 0 || is_zombie(pid); });
  }
  static bool is_zombie(pid_t pid) {
    std::string stat;
    std::getline(std::ifstream("/proc/" + std::to_string(pid) + "/stat"), stat);
    return stat.find(") Z") != std::string::npos;
  }

  base::TemporaryFolder folder_;
  base::SystemClock clock_;
  base::EventLoop loop_{1};
  Supervisor supervisor_{loop_, clock_, [](const std::string&, std::string_view) {}, [] {}};
  CommandProbes probes_{loop_};
  base::Pending signals_;
  std::optional<ProbeAnswer> answer_;
};

bool is(const ProbeAnswer& answer, const ProbeAnswer& expected) {
  return answer.kind == expected.kind && answer.why == expected.why;
}

TEST_F(CommandProbesTest, PassWithExitStatus0) {
  EXPECT_TRUE(is(ask({"/bin/true"}), ProbeAnswer::passed()));
  EXPECT_EQ(probes_.running(), 0u);
}

TEST_F(CommandProbesTest, FailWithAllOthersAndSayTheFirstLine) {
  EXPECT_TRUE(is(ask({"/bin/false"}), ProbeAnswer::failed("exit status 1")));
  EXPECT_TRUE(is(shell("echo no response; echo more; exit 2"), ProbeAnswer::failed("exit status 2: no response")));
  EXPECT_TRUE(is(shell("echo from stderr >&2; exit 2"), ProbeAnswer::failed("exit status 2: from stderr")));
  EXPECT_TRUE(is(shell("kill -SEGV $$"), ProbeAnswer::failed("ended by signal 11")));
}

TEST_F(CommandProbesTest, BoundAndCleanTheirReason) {
  EXPECT_TRUE(is(shell("head -c 5000 /dev/zero | tr '\\0' x; exit 1"),
                 ProbeAnswer::failed("exit status 1: " + std::string(200, 'x'))));
  EXPECT_TRUE(is(shell("printf '\\033[31mred\\r\\n'; exit 1"), ProbeAnswer::failed("exit status 1:  [31mred")));
}

TEST_F(CommandProbesTest, NeedNoShell) {
  EXPECT_TRUE(is(ask({"/usr/bin/test", "$HOME", "=", "$HOME"}), ProbeAnswer::passed()));
}

TEST_F(CommandProbesTest, ThatAreNotThereSayNothingOfTheWorkload) {
  const auto answer = ask({"/no/such/program"});
  EXPECT_EQ(answer.kind, Kind::unable);
  EXPECT_THAT(answer.why, HasSubstr("No such file"));
}

TEST_F(CommandProbesTest, AreKilledAtTheirTimeoutWithAllTheyStarted) {
  const auto script = "sleep 600 & echo $! >" + folder_.at("child") + "; echo waiting; wait";
  EXPECT_TRUE(is(shell(script, milliseconds(300)), ProbeAnswer::failed("did not end within 300ms: waiting")));
  expect_gone("child");
  EXPECT_EQ(probes_.running(), 0u);
}

TEST_F(CommandProbesTest, AreKilledThoughTheyIgnoreTheirEnd) {
  const auto answer = shell("trap '' TERM INT HUP; while :; do sleep 1; done", milliseconds(200));
  EXPECT_TRUE(is(answer, ProbeAnswer::failed("did not end within 200ms")));
}

TEST_F(CommandProbesTest, LeaveNothingBehindWhenTheyEnd) {
  const auto script = "sleep 600 & echo $! >" + folder_.at("child") + "; exit 0";
  EXPECT_TRUE(is(shell(script), ProbeAnswer::passed())) << "who holds the output is not waited for";
  expect_gone("child");
}

TEST_F(CommandProbesTest, ThatFloodAreHeldUp) {
  const auto began = std::clock();
  EXPECT_TRUE(is(ask({"/usr/bin/yes"}, milliseconds(500)), ProbeAnswer::failed("did not end within 500ms: y")));
  EXPECT_LT(static_cast<double>(std::clock() - began) / CLOCKS_PER_SEC, 0.4) << "reading it is no work";
}

TEST_F(CommandProbesTest, MaySayMoreThanAPipeHolds) {
  EXPECT_TRUE(is(shell("head -c 300000 /dev/zero; exit 0"), ProbeAnswer::passed()));
}

TEST_F(CommandProbesTest, HaveNoDescriptorsOfTheAgents) {
  std::ofstream file(folder_.at("secret"));
  const auto script = "for f in /proc/$$/fd/*; do test ${f##*/} -gt 2 && readlink $f && exit 1; done; exit 0";
  EXPECT_TRUE(is(shell(script), ProbeAnswer::passed()));
}

TEST_F(CommandProbesTest, AreKilledWhenTheyAreGivenUp) {
  auto attempt = begin({"/bin/sh", "-c", "echo $$ >" + folder_.at("self") + "; exec sleep 600"}, seconds(600));
  run_until(
      [&] { return std::filesystem::exists(folder_.at("self")) && !std::filesystem::is_empty(folder_.at("self")); });
  attempt.reset();
  expect_gone("self");
  run_until([&] { return probes_.running() == 0; });
  EXPECT_FALSE(answer_);
}

TEST_F(CommandProbesTest, RunOnceAtATime) {
  auto first = begin({"/bin/sleep", "600"}, seconds(600));
  first.reset();  // killed, and not reaped yet
  const auto answer = ask({"/bin/true"});
  EXPECT_EQ(answer.kind, Kind::unable);
  EXPECT_THAT(answer.why, HasSubstr("has not ended yet"));
  run_until([&] { return probes_.running() == 0; });
  EXPECT_TRUE(is(ask({"/bin/true"}), ProbeAnswer::passed()));
}

}  // namespace
}  // namespace agent
