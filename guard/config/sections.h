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
};

// Notes a problem when `value` is in `seen` already, else puts it there.
bool check_unique(const Reader& reader, std::string_view key, std::string_view what, const std::string& value,
                  std::map<std::string, std::string>& seen);

constexpr base::Duration kLongestDuration = std::chrono::hours(24 * 366);

void read_agent(const Reader& section, AgentConfig& agent);
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
void read_actions(const Reader& rule_section, sample::TargetKind kind, std::vector<policy::ActionSpec>& actions);

// "TERM", "SIGTERM" → 15; notes what is no signal.
bool read_signal(const Reader& section, std::string_view key, int& number);

}  // namespace guard::config
