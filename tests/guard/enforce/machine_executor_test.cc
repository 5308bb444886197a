// The hands that touch a machine, on what can be touched without harm: a folder in the place of a cgroup, and a signal
// that is none.

#include "guard/enforce/machine_executor.h"

#include <fstream>

#include <unistd.h>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "guard/source/process/tree.h"
#include "tests/guard/fakes.h"

namespace guard {
namespace {

using base::Code;
using testing::HasSubstr;

class FakeChildren final : public Children {
 public:
  [[nodiscard]] std::optional<ChildView> view(const std::string&) const override { return std::nullopt; }
  void restart(const std::string& workload, std::chrono::nanoseconds, Done done) override {
    restarted = workload;
    unfinished = std::move(done);
  }
  void stop(const std::string& workload, std::chrono::nanoseconds, Done done) override {
    stopped = workload;
    unfinished = std::move(done);
  }
  std::string restarted;
  std::string stopped;
  Done unfinished;
};

policy::Decision decision(policy::ActionSpec action) {
  policy::Decision decided;
  decided.workload = "web";
  decided.action = std::move(action);
  return decided;
}

// Carries one action out and waits for its end.
base::Result<std::string> execute(policy::ActionSpec action, const sample::Workload& target) {
  base::EventLoop loop;
  MachineExecutor executor({.root = "/",
                            .engine_socket = "/nowhere/docker.sock",
                            .children = nullptr,
                            .approach = std::chrono::milliseconds(0)},
                           loop);
  base::Result<std::string> outcome = base::fail(Code::internal, "it never ended");
  const base::Pending deadline = loop.after(std::chrono::seconds(20), [&] { loop.stop(); });
  executor.execute(decision(std::move(action)), target, [&](base::Result<std::string> result) {
    outcome = std::move(result);
    loop.stop();
  });
  loop.run();
  return outcome;
}

sample::Workload workload(sample::TargetKind kind) {
  sample::Workload web;
  web.name = "web";
  web.kind = kind;
  return web;
}

sample::Workload this_process() {
  sample::Workload web = workload(sample::TargetKind::pid_file);
  web.identity.pid = ::getpid();
  web.identity.key = *source::process_identity("/", ::getpid());
  return web;
}

class FakeNotifications final : public Notifications {
 public:
  void notify(const telemetry::ActionRecord& record, Done done) override {
    notified = record.decision.workload;
    unanswered = std::move(done);
  }
  std::string notified;
  Done unanswered;
};

telemetry::ActionRecord notification() {
  telemetry::ActionRecord record;
  record.decision = decision(policy::Notify{});
  return record;
}

TEST(Notify, EndsWhenTheReceiversHaveAnswered) {
  base::EventLoop loop;
  FakeNotifications notifications;
  MachineExecutor executor({.root = "/", .engine_socket = "", .children = nullptr, .notifications = &notifications},
                           loop);
  std::string result;
  executor.notify(notification(), {}, [&](const base::Result<std::string>& answer) { result = *answer; });
  EXPECT_EQ(notifications.notified, "web");
  EXPECT_EQ(result, "") << "nobody has accepted it yet";
  notifications.unanswered("accepted by oncall");
  EXPECT_EQ(result, "accepted by oncall");
}

TEST(Notify, SaysThatNobodyIsThereToBeNotified) {
  base::EventLoop loop;
  MachineExecutor executor({.root = "/", .engine_socket = "", .children = nullptr}, loop);
  std::string result;
  executor.notify(notification(), {}, [&](const base::Result<std::string>& answer) {
    result = answer.error().message;
    loop.stop();
  });
  loop.run();
  EXPECT_THAT(result, HasSubstr("no receiver is configured"));
}

TEST(Restart, OfWhatIsNeitherAContainerNorACommandIsRefused) {
  const auto outcome = execute(policy::Restart{}, this_process());
  ASSERT_FALSE(outcome);
  EXPECT_EQ(outcome.error().code, Code::invalid_argument);
}

TEST(Restart, OfACommandIsTheSupervisors) {
  base::EventLoop loop;
  FakeChildren children;
  MachineExecutor executor({.root = "/", .engine_socket = "", .children = &children}, loop);
  std::string told;
  executor.execute(decision(policy::Restart{}), workload(sample::TargetKind::command),
                   [&](const base::Result<std::string>& result) { told = *result; });
  EXPECT_EQ(children.restarted, "web");
  EXPECT_EQ(told, "");
  children.unfinished({});
  EXPECT_EQ(told, "runs again");
}

TEST(Stop, OfACommandThatFailsSaysWhy) {
  base::EventLoop loop;
  FakeChildren children;
  MachineExecutor executor({.root = "/", .engine_socket = "", .children = &children}, loop);
  std::string told;
  executor.execute(decision(policy::Stop{}), workload(sample::TargetKind::command),
                   [&](const base::Result<std::string>& result) { told = result.error().message; });
  EXPECT_EQ(children.stopped, "web");
  children.unfinished(base::fail(Code::cancelled, "overtaken by another stop"));
  EXPECT_EQ(told, "overtaken by another stop");
}

TEST(HandsThatAreGone, ReportNothing) {
  base::EventLoop loop;
  FakeChildren children;
  int reports = 0;
  {
    MachineExecutor executor({.root = "/", .engine_socket = "", .children = &children}, loop);
    executor.execute(decision(policy::Restart{}), workload(sample::TargetKind::command),
                     [&](const base::Result<std::string>&) { ++reports; });
  }
  children.unfinished({});
  EXPECT_EQ(reports, 0) << "the guard that asked may be gone with them";
}

TEST(Signal, GoesToTheProcess) {
  const auto outcome = execute(policy::Signal{0}, this_process());
  ASSERT_TRUE(outcome) << outcome.error().message;
  EXPECT_EQ(*outcome, "signal 0 sent");
}

TEST(Signal, DoesNotGoToAnotherProcessOfTheSameNumber) {
  sample::Workload before = this_process();
  before.identity.key += "0";
  EXPECT_FALSE(execute(policy::Signal{0}, before));
}

TEST(Signal, NeedsAProcess) {
  const auto outcome = execute(policy::Signal{0}, workload(sample::TargetKind::cgroup));
  ASSERT_FALSE(outcome);
  EXPECT_EQ(outcome.error().code, Code::not_found);
}

class FakeCgroup {
 public:
  FakeCgroup() {
    folder_.write("memory.max", "max\n");
    folder_.write("memory.current", "8388608\n");
    folder_.write("pids.max", "max\n");
    target = workload(sample::TargetKind::cgroup);
    target.cgroup.emplace();
    target.cgroup->memory = {folder_.path(), 2};
    target.cgroup->pids = {folder_.path(), 2};
  }
  void use(base::Bytes bytes) { folder_.write("memory.current", std::to_string(bytes.count) + "\n"); }
  [[nodiscard]] std::string read(const std::string& name) const {
    std::ifstream file(folder_.at(name));
    std::string line;
    std::getline(file, line);
    return line;
  }
  sample::Workload target;

 private:
  base::TemporaryFolder folder_;
};

TEST(Caps, BelowWhatIsInUseAreRefusedAndTheOthersAreWritten) {
  FakeCgroup cgroup;
  cgroup.use(base::mebibytes(180));
  sample::Caps caps;
  caps.memory = base::mebibytes(64);
  caps.pids = 32;
  const auto outcome = execute(policy::ApplyCaps{caps}, cgroup.target);
  ASSERT_FALSE(outcome);
  EXPECT_THAT(outcome.error().message, HasSubstr("memory cap 64 MiB is below the 180 MiB in use"));
  EXPECT_THAT(cgroup.read("pids.max"), testing::StartsWith("32"));
  EXPECT_EQ(cgroup.read("memory.max"), "max");
}

TEST(Caps, BelowWhatIsInUseAreWrittenWhenForced) {
  FakeCgroup cgroup;
  cgroup.use(base::mebibytes(180));
  sample::Caps caps;
  caps.memory = base::mebibytes(64);
  caps.force = true;
  const auto outcome = execute(policy::ApplyCaps{caps}, cgroup.target);
  EXPECT_TRUE(outcome) << outcome.error().message;
}

TEST(Caps, AreWrittenAndVerified) {
  const FakeCgroup cgroup;
  sample::Caps caps;
  caps.memory = base::mebibytes(64);
  caps.pids = 32;
  const auto outcome = execute(policy::ApplyCaps{caps}, cgroup.target);
  ASSERT_TRUE(outcome) << outcome.error().message;
  EXPECT_EQ(*outcome, "in force in the cgroup");
}

TEST(Caps, WithoutAControllerFail) {
  const FakeCgroup cgroup;
  sample::Caps caps;
  caps.cpus = base::Cores{0.5};
  const auto outcome = execute(policy::ApplyCaps{caps}, cgroup.target);
  ASSERT_FALSE(outcome);
  EXPECT_THAT(outcome.error().message, HasSubstr("cpu"));
}

TEST(Caps, OfWhatHasNoCgroupFail) {
  sample::Caps caps;
  caps.pids = 32;
  const auto outcome = execute(policy::ApplyCaps{caps}, this_process());
  ASSERT_FALSE(outcome);
  EXPECT_EQ(outcome.error().code, Code::not_found);
}

TEST(ContainerActions, FailWhileTheEngineIsDown) {
  sample::Workload container = workload(sample::TargetKind::container);
  container.identity.container_id = std::string(64, 'a');
  for (const policy::ActionSpec& action : {policy::ActionSpec(policy::Restart{}), policy::ActionSpec(policy::Stop{}),
                                           policy::ActionSpec(policy::Signal{15})}) {
    const auto outcome = execute(action, container);
    ASSERT_FALSE(outcome) << policy::name_of(action);
    EXPECT_EQ(outcome.error().code, Code::unavailable) << outcome.error().message;
  }
}

}  // namespace
}  // namespace guard
