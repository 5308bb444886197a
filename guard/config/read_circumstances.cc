// What keeps rules from acting whatever they ask for: maintenance windows, and other workloads.

#include <algorithm>
#include <array>
#include <optional>
#include <set>

#include "base/config/nearest_key.h"
#include "guard/config/sections.h"

namespace guard::config {

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
