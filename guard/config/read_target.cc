#include <algorithm>
#include <array>
#include <charconv>
#include <csignal>
#include <optional>
#include <set>

#include "base/http_client.h"
#include "guard/config/sections.h"

namespace guard::config {

namespace {

using sample::TargetKind;

constexpr std::array kKinds = {TargetKind::container,    TargetKind::compose_service, TargetKind::container_label,
                               TargetKind::systemd_unit, TargetKind::cgroup,          TargetKind::command,
                               TargetKind::pid_file};
constexpr std::size_t kMostArguments = 1024;
constexpr std::size_t kMostVariables = 256;

bool has_suffix(std::string_view text, std::string_view suffix) {
  return text.size() > suffix.size() && text.substr(text.size() - suffix.size()) == suffix;
}

void read_compose(const Reader& section, sample::Target& target) {
  std::string project;
  std::string service;
  for (const auto& [key, out] : {std::pair("project", &project), std::pair("service", &service)}) {
    if (!section.has(key))
      section.problem(key, "compose needs both; write for example compose: {project: shop, service: web}");
    else if (section.read(key, *out) && (out->empty() || out->find('/') != std::string::npos))
      section.problem(key, "not a name that compose can have given");
  }
  target.selector = project + "/" + service;
}

void read_argv(const Reader& workload, sample::Target& target) {
  for (auto& text : workload.texts("command")) target.command.push_back(std::move(text.text));
  const auto* node = workload.find("command");
  const bool is_empty_list = node->kind == YamlNode::Kind::list && node->children.empty();
  if (is_empty_list || (!target.command.empty() && target.command.front().empty()))
    workload.problem("command", "expected a program and its arguments, such as [chatcore, serve]");
  if (node->children.size() > kMostArguments) workload.problem("command", "at most 1024 arguments");
}

// A cgroup's path as in the file system, with the mount point and, on cgroup v1, the controller:
// "/sys/fs/cgroup/memory/docker/abc" is "/docker/abc".
std::string without_mount(const std::string& path) {
  constexpr std::string_view kMount = "/sys/fs/cgroup";
  constexpr std::array<std::string_view, 15> kControllers = {
      "unified", "memory",  "cpu,cpuacct", "cpu",     "cpuacct",          "cpuset",     "pids",   "blkio",
      "systemd", "devices", "freezer",     "net_cls", "net_cls,net_prio", "perf_event", "hugetlb"};
  const auto rest_after = [](std::string_view text, std::string_view prefix) -> std::optional<std::string_view> {
    if (!text.starts_with(prefix) || (text.size() > prefix.size() && text[prefix.size()] != '/')) return std::nullopt;
    return text.substr(prefix.size());
  };
  const auto below = rest_after(path, kMount);
  if (!below) return path;
  for (const std::string_view controller : kControllers)
    if (const auto rest = rest_after(*below, "/" + std::string(controller)))
      return rest->empty() ? "/" : std::string(*rest);
  return below->empty() ? "/" : std::string(*below);
}

void check_selector(const Reader& workload, const sample::Target& target) {
  const auto key = name_of(target.kind);
  const auto& selector = target.selector;
  const auto equals = selector.find('=');
  switch (target.kind) {
    case TargetKind::container: check_name(workload, key, selector.substr(0, 63)); return;
    case TargetKind::container_label:
      if (equals == std::string::npos || equals == 0) workload.problem(key, "expected label=value");
      return;
    case TargetKind::systemd_unit:
      if (!has_suffix(selector, ".service") && !has_suffix(selector, ".scope") && !has_suffix(selector, ".slice"))
        workload.problem(key, "expected the full name of a service, scope or slice, such as " +
                                  (selector.find('.') == std::string::npos ? selector : "web") + ".service");
      else if (selector.find("@.") != std::string::npos)
        workload.problem(key, "a template unit never runs itself; name an instance, such as " +
                                  std::string(selector).insert(selector.find("@.") + 1, "1"));
      else if (selector.find_first_of("*?[ ") != std::string::npos)
        workload.problem(key, "expected the name of one unit; patterns are not supported");
      else if (selector.find('/') != std::string::npos)
        workload.problem(key, "expected a unit's name, not a path");
      return;
    case TargetKind::cgroup:
    case TargetKind::pid_file: check_path(workload, key, selector); return;
    case TargetKind::compose_service:
    case TargetKind::command: return;
  }
}

void read_environment(const Reader& workload, CommandConfig& command) {
  const auto section = workload.map("environment");
  if (section.entries().size() > kMostVariables) workload.problem("environment", "at most 256 variables");
  for (const auto& entry : section.entries()) {
    if (entry.key.empty() || entry.key.find('=') != std::string::npos)
      section.problem(entry.key, "a variable's name is not empty and has no '='");
    auto value = section.scalar(entry.key);
    if (value) command.environment.emplace_back(entry.key, std::move(value->text));
  }
}

void read_backoff(const Reader& section, BackoffConfig& backoff) {
  if (section.read("initial", backoff.initial))
    check_range(section, "initial", backoff.initial, std::chrono::milliseconds(10), std::chrono::hours(1));
  if (section.read("max", backoff.max))
    check_range(section, "max", backoff.max, std::chrono::milliseconds(10), std::chrono::hours(24));
  if (section.read("reset_after", backoff.reset_after))
    check_range(section, "reset_after", backoff.reset_after, std::chrono::seconds(1), std::chrono::hours(24));
  if (backoff.max < backoff.initial) section.problem("max", "the longest pause must not be shorter than the first");
}

}  // namespace

void read_target(const Reader& workload, sample::Target& target) {
  int targets = 0;
  for (const auto kind : kKinds) {
    const auto key = name_of(kind);
    if (!workload.has(key)) continue;
    if (++targets > 1) {
      workload.problem(key, "a workload is one thing only, and another is named already");
      continue;
    }
    target.kind = kind;
    if (kind == TargetKind::compose_service) {
      read_compose(workload.map(key), target);
    } else if (kind == TargetKind::command) {
      read_argv(workload, target);
    } else if (workload.read(key, target.selector)) {
      check_selector(workload, target);
      if (kind == TargetKind::cgroup) target.selector = without_mount(target.selector);
    }
  }
  if (targets == 0)
    workload.problem("",
                     "what is the workload? name one of: container, compose, container_label, systemd_unit, "
                     "cgroup, command, pid_file");
}

void read_command(const Reader& workload, bool is_command, CommandConfig& command) {
  if (!is_command) {
    for (const auto* key : {"environment", "working_dir", "user", "backoff", "stop"}) {
      if (workload.has(key)) workload.problem(key, std::string(key) + " is only for a workload that is a command");
    }
    return;
  }
  if (const auto* words = workload.find("command"); words != nullptr && !words->children.empty())
    command.program_as_written = words->children.front().text;
  read_environment(workload, command);
  if (workload.read("working_dir", command.working_dir)) check_path(workload, "working_dir", command.working_dir);
  if (workload.read("user", command.user)) check_name(workload, "user", command.user);
  read_backoff(workload.map("backoff"), command.backoff);

  const auto stop = workload.map("stop");
  read_signal(stop, "signal", command.stop_signal);
  if (stop.read("timeout", command.stop_timeout))
    check_range(stop, "timeout", command.stop_timeout, base::Duration::zero(), std::chrono::hours(1));
  stop.read("with_agent", command.stops_with_agent);
}

bool read_signal(const Reader& section, std::string_view key, int& number) {
  std::string name;
  if (!section.read(key, name)) return false;
  constexpr std::array<std::pair<std::string_view, int>, 10> kSignals = {{{"HUP", SIGHUP},
                                                                          {"INT", SIGINT},
                                                                          {"QUIT", SIGQUIT},
                                                                          {"USR1", SIGUSR1},
                                                                          {"USR2", SIGUSR2},
                                                                          {"TERM", SIGTERM},
                                                                          {"KILL", SIGKILL},
                                                                          {"STOP", SIGSTOP},
                                                                          {"CONT", SIGCONT},
                                                                          {"WINCH", SIGWINCH}}};
  const std::string_view short_name = std::string_view(name).substr(name.compare(0, 3, "SIG") == 0 ? 3 : 0);
  for (const auto& [candidate, value] : kSignals) {
    if (short_name != candidate) continue;
    number = value;
    return true;
  }
  section.problem(key, "expected one of: HUP, INT, QUIT, USR1, USR2, TERM, KILL, STOP, CONT, WINCH");
  return false;
}

// `health`: the questions that a workload is asked.

namespace {

constexpr std::size_t kMostProbesEach = 16;
constexpr std::size_t kMostStatuses = 16;
constexpr std::size_t kMostProbeArguments = 64;
constexpr std::int64_t kMostInARow = 100;

void read_statuses(const Reader& section, std::vector<int>& statuses) {
  for (const auto& scalar : section.texts("status")) {
    int status = 0;
    const auto* end = scalar.text.data() + scalar.text.size();
    const auto [stop, error] = std::from_chars(scalar.text.data(), end, status);
    if (error != std::errc() || stop != end || status < 200 || status > 599)
      section.context().add_problem(scalar.at, section.path_of("status"), "expected a status from 200 to 599");
    else
      statuses.push_back(status);
  }
  if (statuses.size() > kMostStatuses) section.problem("status", "at most 16 statuses");
}

void read_argv(const Reader& section, std::vector<std::string>& command) {
  for (auto& text : section.texts("command")) command.push_back(std::move(text.text));
  const auto* node = section.find("command");
  const bool is_empty_list = node->kind == YamlNode::Kind::list && node->children.empty();
  if (is_empty_list || (!command.empty() && command.front().empty()))
    section.problem("command", "expected a program and its arguments, such as [/usr/bin/pg_isready, -q]");
  if (command.size() > kMostProbeArguments) section.problem("command", "at most 64 arguments");
}

// How the workload is asked: exactly one way.
void read_kind(const Reader& section, HealthProbeConfig& probe) {
  const auto kinds =
      std::ranges::count_if(std::array{"http", "tcp", "command"}, [&](const char* key) { return section.has(key); });
  if (kinds != 1) section.problem("", "a health probe is exactly one of: http, tcp, command");
  if (section.read("http", probe.http) && check_url(section, "http", probe.http) && !base::is_http_url(probe.http))
    section.problem("http", "not an address that can be asked");
  if (section.read("tcp", probe.tcp)) check_address(section, "tcp", probe.tcp);
  if (section.has("command")) read_argv(section, probe.command);
  if (!section.has("status")) return;
  read_statuses(section, probe.statuses);
  if (!section.has("http")) section.problem("status", "stands beside http only");
}

void read_times(const Reader& section, HealthProbeConfig& probe) {
  using std::chrono::hours;
  if (section.read("every", probe.every)) check_range(section, "every", probe.every, std::chrono::seconds(1), hours(1));
  probe.timeout = std::min(probe.timeout, probe.every);
  if (section.read("timeout", probe.timeout)) {
    if (check_range(section, "timeout", probe.timeout, std::chrono::milliseconds(10), hours(1)) &&
        probe.timeout > probe.every)
      section.problem("timeout", "must not be longer than every, " + base::format_duration(probe.every));
  }
  if (section.read("start_period", probe.start_period))
    check_range(section, "start_period", probe.start_period, base::Duration::zero(), hours(24));
}

void read_rows(const Reader& section, HealthProbeConfig& probe) {
  for (const auto& [key, out] : {std::pair("failures", &probe.failures), std::pair("successes", &probe.successes)}) {
    std::int64_t count = 0;
    if (section.read(key, count) && check_range(section, key, count, 1, kMostInARow))
      *out = static_cast<std::uint64_t>(count);
  }
}

}  // namespace

void read_health(const Reader& workload_section, std::size_t& probes, WorkloadConfig& workload) {
  const auto& items = workload_section.list("health");
  if (items.size() > kMostProbesEach) workload_section.problem("health", "at most 16 health probes a workload");
  std::set<std::string> names;
  for (std::size_t i = 0; i < std::min(items.size(), kMostProbesEach); ++i) {
    if (++probes == kMostProbes + 1)
      workload_section.problem("health", "more than " + std::to_string(kMostProbes) + " health probes in all");
    const Reader item(&items[i], workload_section.path_of("health") + "[" + std::to_string(i) + "]",
                      workload_section.context());
    HealthProbeConfig probe;
    if (!item.has("name"))
      item.problem("name", "a health probe needs a name");
    else if (item.read("name", probe.name) && check_name(item, "name", probe.name) && !names.insert(probe.name).second)
      item.problem("name", "this workload has another health probe of this name");
    // A rule says `unhealthy: true` for any probe.
    if (probe.name == "true" || probe.name == "false")
      item.problem("name", "would be taken for the word true or false");
    read_kind(item, probe);
    read_times(item, probe);
    read_rows(item, probe);
    workload.health.push_back(std::move(probe));
  }
}

}  // namespace guard::config
