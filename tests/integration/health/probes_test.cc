// The probes of a configuration, on a real loop.

#include "guard/collect/probes.h"

#include <map>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "tests/base/streaming.h"
#include "tests/integration/health/asker.h"

namespace guard {
namespace {

using source::ProbeAnswer;
using source::ProbeDone;
using std::chrono::milliseconds;
using std::chrono::seconds;

// Answers when the test says so, and knows how often each was asked and how many were given up.
class FakeCommands final : public ProbeCommands {
 public:
  struct Attempt final : source::ProbeAttempt {
    explicit Attempt(FakeCommands& its_commands) : commands(its_commands) {}
    ~Attempt() override { --commands.open; }
    FakeCommands& commands;
  };
  std::unique_ptr<source::ProbeAttempt> ask(const CommandQuestion& question, ProbeDone done) override {
    ++asked[question.name];
    ++open;
    waiting[question.name] = std::move(done);
    return std::make_unique<Attempt>(*this);
  }
  std::map<std::string, int> asked;
  std::map<std::string, ProbeDone> waiting;
  int open = 0;
};

class ProbesTest : public testing::Test {
 protected:
  ProbesTest() {
    web_.name = "web";
    web_.identity.key = "container:1";
    web_.lifecycle.state = sample::State::running;
    workload_.name = "web";
    add("page").command = {"page"};
  }
  config::HealthProbeConfig& add(const std::string& name) {
    config::HealthProbeConfig probe;
    probe.name = name;
    probe.every = milliseconds(40);
    probe.timeout = milliseconds(20);
    return workload_.health.emplace_back(probe);
  }
  std::unique_ptr<Probes> make(ProbeCommands* commands) {
    config::Config config;
    config.workloads = {workload_};
    return std::make_unique<Probes>(config, loop_, clock_, commands);
  }
  // Runs the loop until `fact` is true.
  void run_until(const std::function<bool()>& fact) {
    const base::Pending deadline = loop_.after(seconds(10), [this] {
      ADD_FAILURE() << "what was waited for did not come";
      loop_.stop();
    });
    const base::Pending look = loop_.every(milliseconds(1), [&](int) {
      if (fact()) loop_.stop();
    });
    loop_.run();
  }
  void run_for(base::Duration time) {
    const auto end = clock_.steady_now() + time;
    run_until([&] { return clock_.steady_now() >= end; });
  }
  void answer(const ProbeAnswer& answer) { std::exchange(commands_.waiting["web/page"], nullptr)(answer); }

  base::SystemClock clock_;
  base::EventLoop loop_{1};
  FakeCommands commands_;
  sample::Workload web_;
  config::WorkloadConfig workload_;
};

TEST_F(ProbesTest, AskWhileTheWorkloadRunsOnly) {
  const auto probes = make(&commands_);
  run_for(milliseconds(100));
  EXPECT_EQ(commands_.asked["web/page"], 0);
  probes->observe(web_);
  run_until([&] { return commands_.asked["web/page"] == 1; });
  web_.lifecycle.state = sample::State::stopped;
  probes->observe(web_);
  EXPECT_EQ(commands_.open, 0) << "the question under way is given up";
  run_for(milliseconds(100));
  EXPECT_EQ(commands_.asked["web/page"], 1);
}

TEST_F(ProbesTest, NeverAskTwiceAtOnce) {
  const auto probes = make(&commands_);
  probes->observe(web_);
  run_until([&] { return commands_.asked["web/page"] == 1; });
  run_for(milliseconds(150));
  EXPECT_EQ(commands_.asked["web/page"], 1) << "it has not been answered";
  answer(ProbeAnswer::passed());
  run_until([&] { return commands_.asked["web/page"] == 2; });
  EXPECT_EQ(commands_.open, 1);
  EXPECT_EQ(probes->read()[0].passes_in_row, 1u);
}

TEST_F(ProbesTest, OneThatHangsDoesNotHoldUpAnother) {
  base::RawServer silent;
  auto& page = add("silent");
  page.http = silent.url();
  page.every = seconds(10);
  page.timeout = seconds(10);
  base::RawServer open;
  add("port").tcp = "127.0.0.1:" + std::to_string(open.port);
  const auto probes = make(&commands_);
  probes->observe(web_);
  run_until([&] { return probes->read()[2].passes_in_row >= 3; });
  EXPECT_FALSE(probes->read()[1].last_answer);
  EXPECT_EQ(commands_.asked["web/page"], 1);
}

TEST_F(ProbesTest, SayThatTheyCannotAsk) {
  const auto probes = make(nullptr);
  probes->observe(web_);
  EXPECT_TRUE(probes->report().up);
  run_until([&] { return !probes->read()[0].able; });
  const auto report = probes->report();
  EXPECT_EQ(report.source, "health");
  EXPECT_FALSE(report.up);
  EXPECT_EQ(report.why, "web/page: no command can be run here");
  EXPECT_GE(report.errors, 1u);
}

TEST_F(ProbesTest, AreTheSameAfterAReload) {
  auto probes = make(&commands_);
  probes->observe(web_);
  run_until([&] { return commands_.asked["web/page"] == 1; });
  answer(ProbeAnswer::failed("answered 500"));
  EXPECT_EQ(probes->read()[0].failures_in_row, 1u);

  auto next = make(&commands_);
  next->inherit(*probes);
  probes.reset();
  EXPECT_EQ(next->read()[0].failures_in_row, 1u);
  run_until([&] { return commands_.asked["web/page"] == 2; });

  workload_.health[0].failures = 9;
  auto changed = make(&commands_);
  changed->inherit(*next);
  EXPECT_EQ(changed->read()[0].failures_in_row, 0u) << "another probe under the same name";
}

TEST_F(ProbesTest, AreNotAllAskedAtOnce) {
  workload_.health.clear();
  for (int i = 0; i < 16; ++i) {
    auto& probe = add("p" + std::to_string(i));
    probe.command = {"p"};
    probe.every = seconds(2);
  }
  const auto probes = make(&commands_);
  probes->observe(web_);
  std::vector<std::size_t> seen;
  run_until([&] {
    if (seen.empty() || seen.back() != commands_.asked.size()) seen.push_back(commands_.asked.size());
    return commands_.asked.size() == 16;
  });
  EXPECT_GE(seen.size(), 8u) << "they come one after the other";
}

}  // namespace
}  // namespace guard
