#include "agent/commands/real_drill.h"

#include <chrono>
#include <memory>
#include <optional>
#include <stop_token>
#include <utility>
#include <variant>

#include "agent/notifier.h"
#include "agent/runtime.h"
#include "base/clock.h"
#include "base/event_loop.h"
#include "guard/collect/collector.h"
#include "guard/enforce/machine_executor.h"

namespace agent {
namespace {

using base::Code;
using guard::config::Config;
using guard::policy::Decision;
using guard::sample::State;
using guard::telemetry::ActionRecord;
using guard::telemetry::Outcome;

// An engine that is asked for the first time answers within seconds or not at all.
constexpr auto kFindWithin = std::chrono::seconds(15);
constexpr auto kLookEvery = std::chrono::milliseconds(200);
constexpr int kLooksAtNothing = 5;  // in a row, until it is believed that it does not run
// Beyond its drain an action takes no longer than the engine's own timeouts.
constexpr auto kActWithin = std::chrono::minutes(3);

base::Duration drain_of(const Decision& decision) {
  if (const auto* restart = std::get_if<guard::policy::Restart>(&decision.action)) return restart->drain;
  if (const auto* stop = std::get_if<guard::policy::Stop>(&decision.action)) return stop->drain;
  return {};
}

// Collector and executor on this host, for one workload.
class Machine {
 public:
  explicit Machine(const Config& config)
      : name_(config.workloads.front().name),
        engine_(watch_engine(
            config, loop_, [] {}, nullptr)),
        collector_(config, {.root = "/", .engine = engine_.get()}),
        executor_({.root = "/", .engine_socket = config.engine.socket}, loop_) {}

  // The workload as it is once it is seen running.
  base::Result<guard::sample::Workload> find() {
    std::optional<guard::sample::Workload> found;
    std::string why = "it was not found";
    int looks_left = kLooksAtNothing;
    const auto looking = loop_.every(kLookEvery, [&](int) {
      auto seen = collector_.collect(clock_.steady_now(), clock_.wall_now());
      if (seen.workloads.empty()) return;
      auto& workload = seen.workloads.front();
      if (workload.lifecycle.state != State::running || workload.identity.key.empty()) {
        why = "it is " + std::string(name_of(workload.lifecycle.state));
        if (!workload.lifecycle.why.empty()) why += ": " + workload.lifecycle.why;
        const bool is_gone = workload.lifecycle.state == State::absent || workload.lifecycle.state == State::stopped;
        if (is_gone && --looks_left == 0) loop_.stop();
        return;
      }
      found = std::move(workload);
      loop_.stop();
    });
    run_for(kFindWithin);
    if (!found) return base::fail(Code::unavailable, "the workload " + name_ + " cannot be acted on: " + why);
    return std::move(*found);
  }

  base::Result<std::string> act(const Decision& decision, const guard::sample::Workload& target) {
    struct Ending {
      base::Result<std::string> result = base::fail(Code::deadline_exceeded, "it has not ended in time");
      bool is_awaited = true;
    };
    auto ending = std::make_shared<Ending>();
    executor_.execute(decision, target, [this, ending](base::Result<std::string> done) {
      if (!ending->is_awaited) return;  // too late: another act is awaited by now
      ending->result = std::move(done);
      loop_.stop();
    });
    run_for(drain_of(decision) + kActWithin);
    ending->is_awaited = false;
    return ending->result;
  }

 private:
  void run_for(base::Duration most) {
    const auto end = loop_.after(most, [this] { loop_.stop(); });
    loop_.run();
  }

  std::string name_;
  base::SystemClock clock_;
  base::EventLoop loop_{1};
  std::unique_ptr<guard::source::EngineWatch> engine_;
  guard::MachineCollector collector_;
  guard::MachineExecutor executor_;
};

std::string notify(const Config& config, const ActionRecord& action, bool& failed) {
  std::string text;
  for (const auto& receiver : config.notify) {
    const auto delivered = deliver(receiver, action, std::stop_token());
    text += "; " + receiver.name + (delivered ? " was notified" : " was not notified: " + delivered.error().message);
    failed = failed || !delivered;
  }
  return text;
}

RealAct act(const Config& config, const std::string& incident, const Decision& decision, Machine& machine,
            std::uint64_t number) {
  ActionRecord action;
  action.number = number;
  action.at = base::SystemClock().wall_now();
  action.decision = decision;
  action.decision.reason = "DRILL (" + incident + "), not an incident: " + decision.reason;
  const base::SteadyTime began = base::SystemClock().steady_now();
  // Each act finds the workload as the one before has left it.
  const auto target = machine.find();
  if (target) action.decision.identity = target->identity;
  // The receivers are notified below, of every action; one that only notifies has nothing else to do.
  const bool only_notifies = std::holds_alternative<guard::policy::Notify>(decision.action);
  base::Result<std::string> result = std::string("notified");
  if (!target)
    result = base::fail(target.error());
  else if (!only_notifies)
    result = machine.act(action.decision, *target);
  action.took = base::SystemClock().steady_now() - began;
  action.outcome = result ? Outcome::done : Outcome::failed;
  action.result = result ? *result : result.error().message;
  RealAct real;
  real.failed = !result;
  real.text = std::string(guard::policy::name_of(decision.action)) + " (rule " + decision.rule +
              "): " + (result ? "" : "failed: ") + action.result;
  real.text += notify(config, action, real.failed);
  return real;
}

}  // namespace

base::Status carry_out_for_real(const Config& config, const std::string& incident,
                                const std::vector<Decision>& decisions,
                                const std::function<void(const RealAct&)>& report) {
  if (config.workloads.front().target.kind == guard::sample::TargetKind::command)
    return base::fail(Code::invalid_argument,
                      "a command is a child of the running agent, so only that agent can act on it");
  Machine machine(config);
  if (const auto found = machine.find(); !found) return base::fail(found.error());
  std::uint64_t number = 0;
  for (const Decision& decision : decisions) report(act(config, incident, decision, machine, ++number));
  return {};
}

}  // namespace agent
