#pragma once
// The sections of a configuration, one reader each. All take the document's part and fill in what is right; what is
// wrong goes into the reader's context. Only for this folder.

#include <map>
#include <string>
#include <string_view>

#include "guard/config/config.h"
#include "guard/config/reader.h"

namespace guard::config {

// What grows as the main file and the files of conf.d are read, one after another.
struct Draft {
  Config config;
  // What must be there only once, with the place of the first: "leakguard.yml:12".
  std::map<std::string, std::string> workload_names;
  std::map<std::string, std::string> targets;
  std::map<std::string, std::string> receiver_names;
  std::size_t probes = 0;
  // Names that stand in `depends_on`, to be looked up when all workloads are known.
  struct Reference {
    std::string workload;
    std::string needed;
    ConfigProblem place;  // without its message
  };
  std::vector<Reference> references;
};

// Notes a problem when `value` is in `seen` already, else puts it there.
bool check_unique(const Reader& reader, std::string_view key, std::string_view what, const std::string& value,
                  std::map<std::string, std::string>& seen);

// Notes what depends on no workload that there is, and dependencies in a circle. For when all files are read.
std::vector<ConfigProblem> check_dependencies(const Draft& draft);

constexpr base::Duration kLongestDuration = std::chrono::hours(24 * 366);

void read_web(const Reader& section, WebConfig& web);
void read_agent(const Reader& section, const WebConfig& web, AgentConfig& agent);
void read_engine(const Reader& section, EngineConfig& engine);
void read_host(const Reader& section, HostConfig& host);
void read_receiver(const Reader& section, Draft& draft);
void read_workload(const Reader& section, Draft& draft);

// Parts of a workload. Exactly one target is wanted.
void read_target(const Reader& workload, sample::Target& target);
void read_caps(const Reader& section, sample::Caps& caps);
void read_log_watch(const Reader& section, sample::TargetKind kind, LogWatchConfig& watch);
// Adds the probes to the workload; `probes` counts those of all workloads.
void read_health(const Reader& workload_section, std::size_t& probes, WorkloadConfig& workload);
void read_command(const Reader& workload, bool is_command, CommandConfig& command);

// `workload` is read but for its rules, which are checked against it.
void read_rule(const Reader& section, const WorkloadConfig& workload, base::Duration sample_interval,
               policy::Rule& rule);
void read_condition(const Reader& section, const WorkloadConfig& workload, policy::Rule& rule);
// Which of the workload's probes, log lines or mounts the condition is about; `rule.metric` is read.
void read_subject(const Reader& condition, const WorkloadConfig& workload, policy::Rule& rule);
// An escalation's `until`: one metric, without `for` and `clear`.
void read_goal(const Reader& section, const WorkloadConfig& workload, policy::Condition& goal);
void read_escalation(const Reader& rule_section, const WorkloadConfig& workload, base::Duration sample_interval,
                     policy::Rule& rule);
void read_actions(const Reader& rule_section, sample::TargetKind kind, std::vector<policy::ActionSpec>& actions);
// Notes rules of which the gentler can never come first; `place` is the section of the i-th rule.
void check_order(const std::vector<Reader>& places, const std::vector<policy::Rule>& rules);

void read_maintenance(const Reader& workload, std::vector<policy::Window>& windows);
void read_dependencies(const Reader& section, WorkloadConfig& workload, Draft& draft);

// "TERM", "SIGTERM" → 15; notes what is no signal.
bool read_signal(const Reader& section, std::string_view key, int& number);

}  // namespace guard::config
