// `health`: the questions that a workload is asked.

#include <algorithm>
#include <array>
#include <charconv>
#include <set>

#include "base/http_client.h"
#include "guard/config/sections.h"

namespace guard::config {

namespace {

constexpr std::size_t kMostProbesEach = 16;
constexpr std::size_t kMostStatuses = 16;
constexpr std::size_t kMostArguments = 64;
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
  if (command.size() > kMostArguments) section.problem("command", "at most 64 arguments");
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
