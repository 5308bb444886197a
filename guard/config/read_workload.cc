#include <algorithm>
#include <array>
#include <optional>
#include <set>

#include "base/config/nearest_key.h"
#include "guard/config/pattern.h"
#include "guard/config/sections.h"

namespace guard::config {

namespace {

constexpr std::size_t kMostLogWatches = 32;
constexpr std::size_t kMostRules = 64;

// Names that are to be different within one workload: of its rules, of its log watches.
void check_own_name(const Reader& section, std::string_view what, std::string& name, std::set<std::string>& seen) {
  if (!section.has("name"))
    section.problem("name", "a " + std::string(what) + " needs a name");
  else if (section.read("name", name) && check_name(section, "name", name) && !seen.insert(name).second)
    section.problem("name", "this workload has another " + std::string(what) + " of this name");
}

void read_log_watches(const Reader& section, WorkloadConfig& workload) {
  const auto& items = section.list("expect_log");
  if (items.size() > kMostLogWatches) section.problem("expect_log", "at most 32 log lines a workload");
  std::set<std::string> names;
  for (std::size_t i = 0; i < std::min(items.size(), kMostLogWatches); ++i) {
    const Reader item(&items[i], section.path_of("expect_log") + "[" + std::to_string(i) + "]", section.context());
    LogWatchConfig watch;
    check_own_name(item, "log line", watch.name, names);
    read_log_watch(item, workload.target.kind, watch);
    workload.expect_log.push_back(std::move(watch));
  }
}

void read_rules(const Reader& section, const Config& config, WorkloadConfig& workload) {
  const auto& items = section.list("rules");
  if (items.size() > kMostRules) section.problem("rules", "at most 64 rules a workload");
  // What reconciling the caps is called, and restarting after a dependency was restarted.
  std::set<std::string> names = {"caps", "depends_on"};
  std::vector<Reader> places;
  for (std::size_t i = 0; i < std::min(items.size(), kMostRules); ++i) {
    const Reader& item =
        places.emplace_back(&items[i], section.path_of("rules") + "[" + std::to_string(i) + "]", section.context());
    policy::Rule rule;
    check_own_name(item, "rule", rule.name, names);
    read_rule(item, {workload, config.agent.sample_interval, config.host.mounts}, rule);
    workload.rules.push_back(std::move(rule));
  }
  check_order(places, workload.rules);
}

void read_action_rate(const Reader& section, policy::ActionRateLimit& limit) {
  std::int64_t most = static_cast<std::int64_t>(limit.max);
  if (section.read("max", most) && check_range(section, "max", most, 1, policy::ActionRate::kMost))
    limit.max = static_cast<std::size_t>(most);
  if (section.read("within", limit.within))
    check_range(section, "within", limit.within, std::chrono::minutes(1), std::chrono::hours(24 * 7));
}

void read_watches(const Reader& section, WorkloadConfig& workload) {
  const auto leak = section.map("leak");
  leak.read("enabled", workload.leak_enabled);
  if (leak.read("window", workload.leak_window))
    check_range(leak, "window", workload.leak_window, std::chrono::seconds(10), std::chrono::hours(24 * 7));

  const auto restarts = section.map("restarts");
  std::int64_t most = static_cast<std::int64_t>(workload.restarts.max);
  if (restarts.read("max", most) && check_range(restarts, "max", most, 1, signal::RunHistory::kMostRestarts - 1))
    workload.restarts.max = static_cast<std::uint64_t>(most);
  if (restarts.read("within", workload.restarts.within))
    check_range(restarts, "within", workload.restarts.within, std::chrono::seconds(1), std::chrono::hours(24 * 7));
}

// One container under two names would get two sets of caps, each undoing the other.
void check_target_is_new(const Reader& section, const sample::Target& target, Draft& draft) {
  if (target.kind == sample::TargetKind::command || target.selector.empty()) return;
  const std::string kind(name_of(target.kind));
  check_unique(section, kind, "workload with this " + kind, kind + " " + target.selector, draft.targets);
}

void read_pattern(const Reader& section, std::string& pattern) {
  const auto scalar = section.scalar("pattern");
  if (!scalar) return;
  pattern = scalar->text;
  const auto wrong = find_pattern_problem(pattern);
  // RE2 repeats the part that it does not take, which may have come out of a variable.
  if (!wrong.empty())
    section.problem("pattern", scalar->text == scalar->written ? wrong : "not a pattern with its variables replaced");
}

}  // namespace

bool check_unique(const Reader& reader, std::string_view key, std::string_view what, const std::string& value,
                  std::map<std::string, std::string>& seen) {
  const auto* node = reader.find(key);
  const auto line = node == nullptr ? 0 : node->at.line;
  const auto [first, is_new] = seen.emplace(value, reader.context().file + ":" + std::to_string(line));
  if (!is_new) reader.problem(key, "another " + std::string(what) + " is there already: " + first->second);
  return is_new;
}

void read_workload(const Reader& section, Draft& draft) {
  WorkloadConfig workload;
  if (!section.has("name"))
    section.problem("name", "a workload needs a name");
  else if (section.read("name", workload.name) && check_name(section, "name", workload.name))
    check_unique(section, "name", "workload of this name", workload.name, draft.workload_names);
  read_target(section, workload.target);
  check_target_is_new(section, workload.target, draft);
  read_caps(section.map("caps"), workload.caps);
  if (workload.target.kind == sample::TargetKind::pid_file && !workload.caps.empty())
    section.problem("caps", "caps are set on a cgroup, which a pid_file does not name");
  read_log_watches(section, workload);
  read_watches(section, workload);
  read_health(section, draft.probes, workload);
  read_command(section, workload.target.kind == sample::TargetKind::command, workload.command);
  read_rules(section, draft.config, workload);
  read_action_rate(section.map("actions"), workload.actions);
  read_maintenance(section, workload.maintenance);
  read_dependencies(section, workload, draft);
  draft.config.workloads.push_back(std::move(workload));
}

void read_log_watch(const Reader& section, sample::TargetKind kind, LogWatchConfig& watch) {
  if (!section.has("pattern"))
    section.problem("pattern", "which line is expected? write for example pattern: 'Cleaned up (?P<count>\\d+)'");
  else
    read_pattern(section, watch.pattern);
  if (section.read("every", watch.every))
    check_range(section, "every", *watch.every, std::chrono::seconds(1), kLongestDuration);
  if (section.read("grace", watch.grace)) {
    check_range(section, "grace", watch.grace, base::Duration::zero(), kLongestDuration);
    if (!section.has("every")) section.problem("grace", "grace is added to `every`, which is not there");
  }
  using sample::TargetKind;
  const bool has_output = kind == TargetKind::container || kind == TargetKind::compose_service ||
                          kind == TargetKind::container_label || kind == TargetKind::command;
  if (section.read("file", watch.file))
    check_path(section, "file", watch.file);
  else if (!has_output)
    section.problem("file", "only containers and commands have an output that can be followed: name the log's file");
}

void read_caps(const Reader& section, sample::Caps& caps) {
  // The least that the engine takes.
  const auto least = base::mebibytes(6);
  for (const auto& [key, cap] :
       {std::pair("memory", &caps.memory), std::pair("memory_reservation", &caps.memory_reservation),
        std::pair("memory_high", &caps.memory_high)}) {
    if (!section.read(key, *cap)) continue;
    if (**cap < least) section.problem(key, base::format_bytes(**cap) + " is less than 6 MiB, the least there can be");
  }
  const auto forbid = [&](bool wrong, const char* key, const char* message) {
    if (wrong) section.problem(key, message);
  };
  forbid(caps.memory && caps.memory_reservation && *caps.memory_reservation > *caps.memory, "memory_reservation",
         "memory_reservation must not be more than memory");
  forbid(caps.memory && caps.memory_high && *caps.memory_high >= *caps.memory, "memory_high",
         "memory_high must be less than memory");
  forbid(caps.memory_high && caps.memory_reservation && *caps.memory_reservation > *caps.memory_high,
         "memory_reservation", "memory_reservation must not be more than memory_high");
  // Throttled at memory.high without swap, a workload can stall for ever; memory.max ends that.
  forbid(caps.memory_high && !section.has("memory"), "memory_high", "memory_high needs memory beside it");

  constexpr base::Cores kLeastCores{0.01};  // 1 ms in a period of 100 ms: the least quota the kernel takes
  constexpr base::Cores kMostCores{4096};
  if (section.read("cpus", caps.cpus) && (*caps.cpus < kLeastCores || *caps.cpus > kMostCores))
    section.problem("cpus", "out of bounds: from 0.01 to 4096 cores");
  constexpr std::int64_t kMostPids = 4194304;  // the kernel's PID_MAX_LIMIT
  section.read("force", caps.force);
  if (section.read("pids", caps.pids)) check_range(section, "pids", *caps.pids, 1, kMostPids);
}

// What keeps rules from acting whatever they ask for: maintenance windows, and other workloads.

namespace {

constexpr std::size_t kMostWindows = 32;
constexpr std::size_t kMostDependencies = 32;
constexpr std::array<std::string_view, 7> kDays = {"sun", "mon", "tue", "wed", "thu", "fri", "sat"};

std::optional<int> two_digits(std::string_view text) {
  const auto is_digit = [](char c) { return c >= '0' && c <= '9'; };
  if (text.size() != 2 || !is_digit(text[0]) || !is_digit(text[1])) return std::nullopt;
  return (text[0] - '0') * 10 + (text[1] - '0');
}

// "02:00" to "24:00".
std::optional<std::chrono::minutes> read_time_of_day(const Reader& window, std::string_view key) {
  std::string text;
  if (!window.has(key)) {
    window.problem(key, "a window needs `from` and `to`; write for example " + std::string(key) + ": \"02:00\"");
    return std::nullopt;
  }
  if (!window.read(key, text)) return std::nullopt;
  const auto hours =
      text.size() == 5 && text[2] == ':' ? two_digits(std::string_view(text).substr(0, 2)) : std::nullopt;
  const auto minutes = hours ? two_digits(std::string_view(text).substr(3)) : std::nullopt;
  if (minutes && *minutes < 60 && *hours * 60 + *minutes <= 24 * 60)
    return std::chrono::minutes(*hours * 60 + *minutes);
  window.problem(key, "not a time of day; write for example \"02:00\", in quotes");
  return std::nullopt;
}

void read_days(const Reader& window, policy::Window& read) {
  if (!window.has("days")) {
    read.days.fill(true);
    return;
  }
  const auto days = window.texts("days");
  if (days.empty() && window.find("days")->kind == YamlNode::Kind::list) window.problem("days", "on no day at all");
  for (std::size_t i = 0; i < days.size(); ++i) {
    const auto day = std::ranges::find(kDays, days[i].text);
    if (day == kDays.end())
      window.context().add_problem(days[i].at, window.path_of("days") + "[" + std::to_string(i) + "]",
                                   "expected one of: mon, tue, wed, thu, fri, sat, sun");
    else
      read.days.at(static_cast<std::size_t>(day - kDays.begin())) = true;
  }
}

void read_window(const Reader& window, policy::Window& read) {
  const auto from = read_time_of_day(window, "from");
  const auto to = read_time_of_day(window, "to");
  if (from && to) {
    read.from = *from;
    read.to = *to;
    if (*from == *to) window.problem("to", "the window would be over as it begins; all day is from 00:00 to 24:00");
    if (*from >= std::chrono::hours(24)) window.problem("from", "a day's last window begins before 24:00");
  }
  read_days(window, read);
  std::string zone = "UTC";
  if (!window.read("zone", zone)) return;
  read.is_local = zone == "local";
  if (zone != "UTC" && zone != "local") window.problem("zone", "expected UTC or local");
}

}  // namespace

void read_maintenance(const Reader& workload, std::vector<policy::Window>& windows) {
  const auto& items = workload.list("maintenance");
  if (items.size() > kMostWindows) workload.problem("maintenance", "at most 32 windows a workload");
  for (std::size_t i = 0; i < std::min(items.size(), kMostWindows); ++i) {
    const Reader window(&items[i], workload.path_of("maintenance") + "[" + std::to_string(i) + "]", workload.context());
    read_window(window, windows.emplace_back());
  }
}

void read_dependencies(const Reader& section, WorkloadConfig& workload, Draft& draft) {
  using sample::TargetKind;
  const auto& items = section.list("depends_on");
  if (items.size() > kMostDependencies) section.problem("depends_on", "at most 32 dependencies a workload");
  const TargetKind kind = workload.target.kind;
  const bool can_restart =
      kind != TargetKind::systemd_unit && kind != TargetKind::cgroup && kind != TargetKind::pid_file;
  std::set<std::string> names;
  for (std::size_t i = 0; i < std::min(items.size(), kMostDependencies); ++i) {
    const auto path = section.path_of("depends_on") + "[" + std::to_string(i) + "]";
    policy::Dependency dependency;
    if (items[i].kind == YamlNode::Kind::map) {
      const Reader item(&items[i], path, section.context());
      if (!item.has("workload"))
        item.problem("workload", "which one? write for example {workload: db, restart: false}");
      item.read("workload", dependency.workload);
      item.read("restart", dependency.restart);
    } else if (const auto name = read_scalar(items[i], path, "a workload's name", section.context())) {
      dependency.workload = name->text;
    }
    const auto problem = [&](const std::string& message) { section.context().add_problem(items[i].at, path, message); };
    if (dependency.workload.empty()) continue;
    if (!names.insert(dependency.workload).second) problem("stands here twice");
    if (dependency.restart && !can_restart)
      problem("only containers and commands can be restarted in this version; write {workload: " + dependency.workload +
              ", restart: false} to wait for it only");
    draft.references.push_back(
        {workload.name, dependency.workload, {section.context().file, items[i].at.line, items[i].at.column, path, ""}});
    workload.depends_on.push_back(std::move(dependency));
  }
}

std::vector<ConfigProblem> check_dependencies(const Draft& draft) {
  std::vector<ConfigProblem> problems;
  std::vector<std::string_view> names;
  policy::Dependencies dependencies;
  for (const auto& workload : draft.config.workloads) {
    names.push_back(workload.name);
    dependencies[workload.name] = workload.depends_on;
  }
  for (const auto& reference : draft.references) {
    if (std::ranges::find(names, reference.needed) != names.end()) continue;
    auto& problem = problems.emplace_back(reference.place);
    problem.message = "no workload is called \"" + reference.needed + "\"";
    if (const auto nearest = base::config::nearest_key(reference.needed, names); !nearest.empty())
      problem.message += "; did you mean \"" + std::string(nearest) + "\"?";
  }
  const auto cycle = policy::find_cycle(dependencies);
  for (const auto& reference : draft.references) {
    if (cycle.size() < 2 || reference.workload != cycle[0] || reference.needed != cycle[1]) continue;
    auto& problem = problems.emplace_back(reference.place);
    problem.message = "in a circle: ";
    for (const auto& workload : cycle) problem.message += (&workload == cycle.data() ? "" : " → ") + workload;
  }
  return problems;
}

}  // namespace guard::config
