#include "guard/collect/probes.h"

#include <algorithm>
#include <functional>
#include <utility>

#include "base/log.h"
#include "guard/source/probe/http.h"
#include "guard/source/probe/run.h"
#include "guard/source/probe/tcp.h"

namespace guard {
namespace {

using config::HealthProbeConfig;
using source::ProbeAnswer;
using source::ProbeDone;

constexpr base::Duration kLongestJitter = std::chrono::seconds(5);
constexpr std::size_t kReceiveBufferBytes = 8u << 10;

// The same for the same probe each time, and different for any two: a thousandth of its interval is its grain.
base::Duration jitter_of(const std::string& workload, const HealthProbeConfig& probe) {
  constexpr std::size_t kGrains = 1000;
  const auto grain = std::hash<std::string>()(workload + "/" + probe.name) % kGrains;
  return std::min(probe.every, kLongestJitter) * static_cast<std::int64_t>(grain) / static_cast<std::int64_t>(kGrains);
}

}  // namespace

struct Probes::ProbeState {
  ProbeState(const std::string& its_workload, const HealthProbeConfig& its_config)
      : workload(its_workload),
        config(its_config),
        run(its_workload, its_config.name,
            {its_config.every, its_config.start_period, jitter_of(its_workload, its_config)}) {}
  const std::string workload;
  const HealthProbeConfig config;
  source::ProbeRun run;
  base::Pending timer;
  std::unique_ptr<source::ProbeAttempt> attempt;  // the question under way
};

Probes::Probes(const config::Config& config, base::EventLoop& loop, const base::Clock& clock, ProbeCommands* commands)
    : loop_(loop), clock_(clock), commands_(commands) {
  bool asks_http = false;
  for (const auto& workload : config.workloads) {
    for (const HealthProbeConfig& probe : workload.health) {
      probes_.push_back(std::make_unique<ProbeState>(workload.name, probe));
      asks_http = asks_http || !probe.http.empty();
    }
  }
  if (!asks_http) return;
  base::StreamClientOptions options;
  options.max_connections = options.max_connections_per_host = config::kMostProbes;
  options.receive_buffer_bytes = kReceiveBufferBytes;
  client_ = std::make_unique<base::StreamClient>(loop, std::move(options));
}

Probes::~Probes() = default;

void Probes::inherit(const Probes& previous) {
  for (const auto& probe : probes_) {
    const auto same = std::ranges::find_if(previous.probes_, [&](const auto& before) {
      return before->workload == probe->workload && before->config == probe->config;
    });
    if (same == previous.probes_.end()) continue;
    probe->run.inherit((*same)->run);
    plan(*probe);
  }
}

void Probes::observe(const sample::Workload& workload) {
  for (const auto& probe : probes_) {
    if (probe->workload != workload.name) continue;
    if (!probe->run.observe(workload, clock_.steady_now(), clock_.wall_now())) continue;
    probe->attempt.reset();
    plan(*probe);
  }
}

void Probes::plan(ProbeState& probe) {
  probe.timer.cancel();
  const auto due = probe.run.due();
  if (!due) return;
  probe.timer = loop_.after(std::max(*due - clock_.steady_now(), base::Duration(0)), [this, &probe] { ask(probe); });
}

void Probes::ask(ProbeState& probe) {
  probe.run.begin(clock_.steady_now());
  ProbeDone done = [this, &probe](const ProbeAnswer& answer) {
    if (answer.kind == ProbeAnswer::Kind::unable && probe.run.seen().able)
      base::log_warning("health probe cannot run; the health of the workload is unknown",
                        {{"workload", probe.workload}, {"probe", probe.config.name}, {"error", answer.why}});
    probe.run.end(answer, clock_.steady_now());
    plan(probe);
    // It is the attempt that calls: it goes when that call is over.
    loop_.post([ended = std::shared_ptr(std::move(probe.attempt))] {});
  };
  const HealthProbeConfig& config = probe.config;
  if (!config.http.empty())
    probe.attempt = source::ask_http(*client_, {config.http, config.statuses, config.timeout}, std::move(done));
  else if (!config.tcp.empty())
    probe.attempt = source::ask_tcp(loop_, config.tcp, config.timeout, std::move(done));
  else if (commands_ != nullptr)
    probe.attempt =
        commands_->ask({probe.workload + "/" + config.name, config.command, config.timeout}, std::move(done));
  else
    done(ProbeAnswer::unable("no command can be run here"));
}

std::vector<sample::Probe> Probes::read() const {
  std::vector<sample::Probe> seen;
  seen.reserve(probes_.size());
  for (const auto& probe : probes_) seen.push_back(probe->run.seen());
  return seen;
}

sample::SourceReport Probes::report() const {
  sample::SourceReport report{"health", true, "", base::Duration(0), 0};
  for (const auto& probe : probes_) {
    report.errors += probe->run.times_unable();
    const sample::Probe& seen = probe->run.seen();
    if (seen.able || !report.up) continue;
    report.up = false;
    report.why = seen.workload + "/" + seen.name + ": " + seen.why;
  }
  return report;
}

}  // namespace guard
