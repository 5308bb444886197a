#pragma once
// One reader for each section of the configuration. Each fills in its part of the configuration and records problems in
// the reader's context. Private to this folder.

#include <map>
#include <string>
#include <string_view>

#include "base/config/reader.h"
#include "guard/config/checks.h"
#include "guard/config/config.h"

namespace guard::config {

using base::config::Position;
using base::config::read_scalar;
using base::config::ReadContext;
using base::config::Scalar;
using base::config::YamlNode;

// The configuration while the main file and the files of conf.d are read.
struct Draft {
  Config config;
  // Names that must be unique, with the position of the first: "leakguard.yml:12".
  std::map<std::string, std::string> workload_names;
  std::map<std::string, std::string> targets;
  std::map<std::string, std::string> receiver_names;
  std::size_t probes = 0;
  // Names in `depends_on`, resolved when all workloads are known.
  struct Reference {
    std::string workload;
    std::string needed;
    ConfigProblem place;  // without a message
  };
  std::vector<Reference> references;
};

// Records a problem when `value` is already in `seen`, otherwise adds it.
bool check_unique(const Reader& reader, std::string_view key, std::string_view what, const std::string& value,
                  std::map<std::string, std::string>& seen);

// Problems of dependencies, once all files are read: unknown workloads and cycles.
std::vector<ConfigProblem> check_dependencies(const Draft& draft);

constexpr base::Duration kLongestDuration = std::chrono::hours(24 * 366);

void read_web(const Reader& section, WebConfig& web);
void read_agent(const Reader& section, const WebConfig& web, AgentConfig& agent);
void read_engine(const Reader& section, EngineConfig& engine);
void read_host(const Reader& section, HostConfig& host);
void read_receiver(const Reader& section, Draft& draft);
void read_workload(const Reader& section, Draft& draft);

// Parts of a workload. Exactly one target is required.
void read_target(const Reader& workload, sample::Target& target);
void read_caps(const Reader& section, sample::Caps& caps);
void read_log_watch(const Reader& section, sample::TargetKind kind, LogWatchConfig& watch);
// Adds the probes to the workload; `probes` counts those of all workloads.
void read_health(const Reader& workload_section, std::size_t& probes, WorkloadConfig& workload);
void read_command(const Reader& workload, bool is_command, CommandConfig& command);

// What a rule is checked against: its workload, complete except for rules, and the sections `agent` and `host`.
struct RuleScope {
  const WorkloadConfig& workload;
  base::Duration sample_interval;
  const std::vector<std::string>& mounts;
};
void read_rule(const Reader& section, const RuleScope& scope, policy::Rule& rule);
void read_condition(const Reader& section, const RuleScope& scope, policy::Rule& rule);
// The probe, log line or mount of the condition. REQUIRES: `rule.metric` is read.
void read_subject(const Reader& condition, const RuleScope& scope, policy::Rule& rule);
// An escalation's `until`: one metric, without `for` and `clear`.
void read_goal(const Reader& section, const RuleScope& scope, policy::Condition& goal);
void read_escalation(const Reader& rule_section, const RuleScope& scope, policy::Rule& rule);
void read_actions(const Reader& rule_section, sample::TargetKind kind, std::vector<policy::ActionSpec>& actions);
// Records rules whose gentler action can never come first; `places` are the sections of the rules.
void check_order(const std::vector<Reader>& places, const std::vector<policy::Rule>& rules);

void read_maintenance(const Reader& workload, std::vector<policy::Window>& windows);
void read_dependencies(const Reader& section, WorkloadConfig& workload, Draft& draft);

// "TERM", "SIGTERM" → 15; records a problem otherwise.
bool read_signal(const Reader& section, std::string_view key, int& number);

}  // namespace guard::config
