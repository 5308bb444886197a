#include <algorithm>
#include <array>
#include <cmath>
#include <vector>

#include "base/plausible.h"
#include "guard/config/pattern.h"
#include "guard/config/sections.h"

namespace guard::config {

namespace {

using policy::Comparison;
using policy::Metric;
using policy::Threshold;

// What a condition's value is written as, and which way it is dangerous.
struct MetricForm {
  Metric metric;
  enum class Unit { size, size_an_hour, duration, cores, share, count, number, flag, probe } unit;
  bool may_be_ratio;                  // "85%" of the limit
  std::optional<Comparison> one_way;  // none: both make sense
  const char* example;
};

using Unit = MetricForm::Unit;
constexpr std::array<MetricForm, 17> kForms = {{
    {Metric::memory, Unit::size, true, std::nullopt, "'> 85%' or '> 600m'"},
    {Metric::memory_working_set, Unit::size, true, std::nullopt, "'> 90%' or '> 600m'"},
    {Metric::memory_growth, Unit::size_an_hour, false, Comparison::above, "'> 50m', which is 50 MiB an hour"},
    {Metric::time_to_limit, Unit::duration, false, Comparison::below, "'< 10m'"},
    {Metric::leaking, Unit::flag, false, Comparison::above, "true"},
    {Metric::cpu, Unit::cores, true, std::nullopt, "'> 95%' or '> 0.75'"},
    {Metric::cpu_throttled, Unit::share, true, std::nullopt, "'> 25%'"},
    {Metric::memory_pressure, Unit::share, true, std::nullopt, "'> 10%'"},
    {Metric::cpu_pressure, Unit::share, true, std::nullopt, "'> 25%'"},
    {Metric::io_pressure, Unit::share, true, std::nullopt, "'> 25%'"},
    {Metric::pids, Unit::count, false, std::nullopt, "'> 400'"},
    {Metric::oom_kills, Unit::count, false, Comparison::above, "'> 0'"},
    {Metric::restart_loop, Unit::flag, false, Comparison::above, "true"},
    {Metric::log_overdue, Unit::flag, false, Comparison::above, "true"},
    {Metric::log_value, Unit::number, false, std::nullopt, "'> 1000'"},
    {Metric::unhealthy, Unit::probe, false, Comparison::above, "true, or a probe's name"},
    {Metric::disk, Unit::share, true, std::nullopt, "'> 90%'"},
}};

struct Written {
  Comparison comparison = Comparison::above;
  Threshold threshold;
};

base::Result<double> parse_number(Unit unit, std::string_view text) {
  const auto refuse = [&] {
    return base::fail(base::Code::invalid_argument, "not a number: \"" + std::string(text.substr(0, 40)) + "\"");
  };
  // What a log line captures may be below 0; nothing else is.
  const bool is_negative = unit == Unit::number && text.starts_with('-');
  const auto number = base::parse_cores(text.substr(is_negative ? 1 : 0));
  if (!number) return refuse();
  const bool may_be_broken = unit == Unit::cores || unit == Unit::number;
  if (!may_be_broken && number->count != std::floor(number->count)) return refuse();
  return is_negative ? -number->count : number->count;
}

base::Result<double> parse_amount(Unit unit, std::string_view text) {
  const auto bytes_as = [&](std::string_view size, double divisor) -> base::Result<double> {
    const auto bytes = base::parse_bytes(size);
    if (!bytes) return base::fail(bytes.error());
    return static_cast<double>(bytes->count) / divisor;
  };
  switch (unit) {
    case Unit::size: return bytes_as(text, 1);
    case Unit::size_an_hour: return bytes_as(text.substr(0, text.rfind("/h")), 3600);
    case Unit::duration: {
      const auto duration = base::parse_duration(text);
      if (!duration) return base::fail(duration.error());
      return base::to_seconds(*duration);
    }
    case Unit::cores:
    case Unit::count:
    case Unit::number:
    case Unit::flag:
    case Unit::probe: return parse_number(unit, text);
    case Unit::share: {
      const auto ratio = base::parse_ratio(text);
      if (!ratio) return base::fail(ratio.error());
      return ratio->value;
    }
  }
  return base::fail(base::Code::internal, "no such unit");
}

// What must have been meant instead of `text`; "" when it can be meant as it is.
std::string correction_for(const MetricForm& form, std::string_view text) {
  switch (form.unit) {
    case Unit::size: return base::size_correction(text, form.may_be_ratio);
    case Unit::size_an_hour: {
      const std::string size = base::size_correction(text.substr(0, text.rfind("/h")));
      return size.empty() ? size : std::string(size).insert(size.find(';'), " an hour");
    }
    case Unit::cores: {
      const std::string cores = base::cores_correction(text);
      return cores.empty() ? cores : cores + "; of caps.cpus, write for example '> 95%'";
    }
    case Unit::share: return base::share_correction(text);
    default: return {};
  }
}

// "> 85%": which side, and of what.
base::Result<Written> parse_comparison(const MetricForm& form, std::string_view text) {
  const auto example = std::string("; write for example ") + form.example;
  const auto wrong = [&](const std::string& message) {
    return base::fail(base::Code::invalid_argument, message + example);
  };
  const auto skip_blanks = [](std::string_view& rest) {
    rest.remove_prefix(std::min(rest.find_first_not_of(" \t"), rest.size()));
  };
  skip_blanks(text);
  if (text.empty() || (text.front() != '>' && text.front() != '<')) return wrong("expected > or < and a value");
  Written written;
  written.comparison = text.front() == '>' ? Comparison::above : Comparison::below;
  text.remove_prefix(1);
  if (!text.empty() && text.front() == '=') return wrong("only > and < are taken");
  skip_blanks(text);

  const bool is_percent = text.find('%') != std::string_view::npos;
  if (is_percent && !form.may_be_ratio)
    return wrong(std::string(name_of(form.metric)) + " has no limit to take per cent of");
  // A pressure of half a per cent can be meant, a threshold of half a per cent of the memory limit cannot.
  const bool is_small_share = is_percent && form.unit == Unit::share && form.metric != Metric::disk;
  const std::string correction = is_small_share ? ""
                                 : is_percent   ? base::share_correction(text)
                                                : correction_for(form, text);
  if (!correction.empty()) return base::fail(base::Code::invalid_argument, correction);
  const auto amount = parse_amount(is_percent ? Unit::share : form.unit, text);
  if (!amount) return base::fail(amount.error());
  written.threshold.value = *amount;
  written.threshold.is_ratio = is_percent || form.unit == Unit::share;
  if (written.threshold.is_ratio && !(*amount > 0 && *amount < 1))
    return wrong("must be more than 0% and less than 100%");
  return written;
}

// Reads and parses the comparison under `key`; what came out of a variable is not repeated.
std::optional<Written> read_comparison(const Reader& section, std::string_view key, const MetricForm& form) {
  const auto scalar = section.scalar(key);
  if (!scalar) return std::nullopt;
  const auto written = parse_comparison(form, scalar->text);
  if (written) return *written;
  const auto shown = parse_comparison(form, scalar->written);
  section.problem(key, shown ? "not a condition" : shown.error().message);
  return std::nullopt;
}

constexpr Written kFlagRaised{Comparison::above, {0, false}};

std::optional<Written> read_flag(const Reader& section, const MetricForm& form) {
  bool wanted = false;
  const auto key = name_of(form.metric);
  if (!section.read(key, wanted)) return std::nullopt;
  if (!wanted) section.problem(key, "only true makes a condition");
  return kFlagRaised;
}

// `unhealthy: true` is any probe of the workload, `unhealthy: web` the one of that name.
std::optional<Written> read_probe(const Reader& section, const MetricForm& form, policy::Rule& rule) {
  const auto key = name_of(form.metric);
  const auto scalar = section.scalar(key);
  if (!scalar) return std::nullopt;
  if (scalar->text == "false") section.problem(key, "only true or a probe's name makes a condition");
  if (scalar->text != "true" && scalar->text != "false") rule.subject.name = scalar->text;
  return kFlagRaised;
}

std::optional<Written> read_written(const Reader& section, const MetricForm& form, policy::Rule& rule) {
  if (form.unit == Unit::flag) return read_flag(section, form);
  if (form.unit == Unit::probe) return read_probe(section, form, rule);
  return read_comparison(section, name_of(form.metric), form);
}

// The one metric the condition is about.
const MetricForm* find_form(const Reader& section) {
  const MetricForm* form = nullptr;
  for (const auto& entry : section.entries()) {
    const auto found = std::find_if(kForms.begin(), kForms.end(), [&](const MetricForm& candidate) {
      return name_of(candidate.metric) == entry.key;
    });
    if (found == kForms.end()) continue;
    if (form == nullptr)
      form = &*found;
    else
      section.problem(entry.key, "one condition a rule in this version; write a second rule for this one");
  }
  if (form == nullptr)
    section.problem("", "what is the condition about? write for example {memory: '> 85%', for: 30s}");
  return form;
}

void read_clear(const Reader& section, const MetricForm& form, policy::Rule& rule) {
  if (form.unit == Unit::flag || form.unit == Unit::probe || form.metric == Metric::oom_kills) {
    section.problem("clear", std::string(name_of(form.metric)) + " clears by itself");
    return;
  }
  const auto clear = read_comparison(section, "clear", form);
  if (!clear) return;
  const bool trips_above = rule.comparison == Comparison::above;
  const bool right_side =
      trips_above ? clear->threshold.value < rule.trip.value : clear->threshold.value > rule.trip.value;
  if (clear->comparison == rule.comparison)
    section.problem("clear", trips_above ? "clears on the other side: write <" : "clears on the other side: write >");
  else if (clear->threshold.is_ratio != rule.trip.is_ratio)
    section.problem("clear", "must be in per cent exactly when the condition is");
  else if (!right_side)
    section.problem("clear",
                    trips_above ? "must be less than what trips the rule" : "must be more than what trips the rule");
  else
    rule.clear = clear->threshold;
}

std::string cores_text(base::Cores cores) {
  std::string text = std::to_string(cores.count);
  text.erase(text.find_last_not_of('0') + 1);
  return text.ends_with('.') ? text.substr(0, text.size() - 1) : text;
}

// Thresholds that no value is ever below, or that every value is always above.
void check_not_trivial(const Reader& section, const MetricForm& form, const policy::Rule& rule) {
  const auto key = name_of(form.metric);
  const auto write = std::string("; write for example ") + form.example;
  const bool is_amount = form.unit == Unit::size || form.unit == Unit::size_an_hour || form.unit == Unit::cores ||
                         form.unit == Unit::duration || form.metric == Metric::pids;
  if (!is_amount || rule.trip.is_ratio) return;
  constexpr double kLeastMemory = 1 << 10;  // bytes; "85B" is a mistake, '> 1k' may be a rule that is always true
  const bool is_above = rule.comparison == Comparison::above;
  if (!is_above && rule.trip.value <= 0)
    section.problem(key, "can never be true" + write);
  else if (is_above && form.unit == Unit::size && rule.trip.value > 0 && rule.trip.value < kLeastMemory)
    section.problem(key, "less than 1 KiB, so always true" + write);
  else if (form.unit == Unit::duration && rule.trip.value > base::to_seconds(kLongestDuration))
    section.problem(key, "more than " + base::format_duration(kLongestDuration) + write);
}

// Conditions that can never be true, or whose metric this workload does not have.
void check_possible(const Reader& section, const MetricForm& form, const WorkloadConfig& workload,
                    const policy::Rule& rule) {
  const auto key = name_of(form.metric);
  const auto& caps = workload.caps;
  if (form.metric == Metric::cpu && rule.trip.is_ratio && !caps.cpus)
    section.problem(key, "per cent of which limit? set caps.cpus, or write cores");
  if (form.metric == Metric::cpu && !rule.trip.is_ratio && rule.comparison == Comparison::above && caps.cpus &&
      rule.trip.value >= caps.cpus->count)
    section.problem(key, "can never be true: caps.cpus is " + cores_text(*caps.cpus) + "; write for example '> 95%'");
  const bool is_memory = form.metric == Metric::memory || form.metric == Metric::memory_working_set;
  if (is_memory && !rule.trip.is_ratio && rule.comparison == Comparison::above && caps.memory &&
      rule.trip.value >= static_cast<double>(caps.memory->count))
    section.problem(key, "can never be true: caps.memory is " + base::format_bytes(*caps.memory));
  if (form.metric == Metric::pids && rule.comparison == Comparison::above && caps.pids &&
      rule.trip.value >= static_cast<double>(*caps.pids))
    section.problem(key, "can never be true: caps.pids is " + std::to_string(*caps.pids));
  const bool is_of_growth =
      form.metric == Metric::time_to_limit || form.metric == Metric::memory_growth || form.metric == Metric::leaking;
  if (is_of_growth && !workload.leak_enabled)
    section.problem(key, "needs leak detection, which leak.enabled: false turns off");
  const bool expects_lines = std::any_of(workload.expect_log.begin(), workload.expect_log.end(),
                                         [](const LogWatchConfig& watch) { return watch.every.has_value(); });
  if (form.metric == Metric::log_overdue && !expects_lines)
    section.problem(key, "no line of expect_log has `every`, so none is ever overdue");
}

}  // namespace

void read_condition(const Reader& section, const RuleScope& scope, policy::Rule& rule) {
  if (section.read("for", rule.held_for))
    check_range(section, "for", rule.held_for, base::Duration::zero(), kLongestDuration);
  const auto* form = find_form(section);
  if (form == nullptr) return;
  rule.metric = form->metric;
  const auto key = name_of(form->metric);
  const auto written = read_written(section, *form, rule);
  read_subject(section, scope, rule);
  if (!written) return;
  if (form->one_way && *form->one_way != written->comparison) {
    section.problem(key, std::string("wrong way round; write for example ") + form->example);
    return;
  }
  rule.comparison = written->comparison;
  rule.trip = written->threshold;
  check_not_trivial(section, *form, rule);
  check_possible(section, *form, scope.workload, rule);
  if (section.has("clear")) read_clear(section, *form, rule);
  if (form->metric == Metric::oom_kills && rule.held_for > base::Duration::zero())
    section.problem("for", "an OOM kill is a moment; a rule on it cannot wait");
}

void read_goal(const Reader& section, const RuleScope& scope, policy::Condition& goal) {
  const auto* form = find_form(section);
  if (form == nullptr) return;
  const auto key = name_of(form->metric);
  if (form->unit == Unit::flag || form->unit == Unit::probe || form->metric == Metric::oom_kills) {
    section.problem(key, "is not a goal; omit `until`: the goal is then that the rule is clear");
    return;
  }
  const auto written = read_comparison(section, key, *form);
  if (!written) return;
  if (form->one_way && *form->one_way == written->comparison) {
    section.problem(key, "wrong way round: that is the trouble and not its end");
    return;
  }
  if (form->unit != Unit::number && written->comparison == Comparison::below && written->threshold.value <= 0) {
    section.problem(key, "can never be true");
    return;
  }
  policy::Rule shown;
  static_cast<policy::Condition&>(shown) = {form->metric, {}, written->comparison, written->threshold};
  read_subject(section, scope, shown);
  check_possible(section, *form, scope.workload, shown);
  goal = shown;
}

// Which probe, log line or mount a condition is about.

namespace {

using policy::Metric;

std::string listed(const std::vector<std::string>& names) {
  std::string text;
  for (const auto& name : names) text.append(text.empty() ? "" : ", ").append(name);
  return text;
}

// True when `wanted` is one of `names`, otherwise records a problem with them. `what` as in "this workload has no ...".
bool check_known(const Reader& section, std::string_view key, std::string_view what, const std::string& wanted,
                 const std::vector<std::string>& names) {
  if (std::ranges::find(names, wanted) != names.end()) return true;
  const std::string missing = "there is no " + std::string(what) + " of this name";
  section.problem(key, names.empty() ? missing + ", nor any other" : missing + "; there is: " + listed(names));
  return false;
}

void read_probe_name(const Reader& section, const WorkloadConfig& workload, const policy::Rule& rule) {
  std::vector<std::string> names;
  for (const auto& probe : workload.health) names.push_back(probe.name);
  if (!rule.subject.name.empty())
    check_known(section, "unhealthy", "health probe", rule.subject.name, names);
  else if (names.empty())
    section.problem("unhealthy", "this workload has no health probe: name one under `health`");
}

void read_capture(const Reader& section, const WorkloadConfig& workload, policy::Rule& rule) {
  for (const auto* key : {"log", "capture"}) {
    if (section.has(key)) continue;
    section.problem(key, "which number? write for example {log_value: '> 1000', log: cleanup, capture: count}");
    return;
  }
  if (!section.read("log", rule.subject.name) || !section.read("capture", rule.subject.capture)) return;
  std::vector<std::string> names;
  for (const auto& watch : workload.expect_log) names.push_back(watch.name);
  if (!check_known(section, "log", "log line", rule.subject.name, names)) return;
  const auto watch = std::ranges::find(workload.expect_log, rule.subject.name, &LogWatchConfig::name);
  check_known(section, "capture", "named group in its pattern", rule.subject.capture, names_of_groups(watch->pattern));
  if (!watch->every)
    section.problem("log", "a number is as good as its line is young: the log line needs `every` to say how young");
}

void read_mount(const Reader& section, const std::vector<std::string>& mounts, policy::Rule& rule) {
  if (!section.has("mount")) {
    if (mounts.empty()) section.problem("disk", "host.mounts is empty: name the mounts to look at there");
    return;
  }
  if (section.read("mount", rule.subject.name) && std::ranges::find(mounts, rule.subject.name) == mounts.end())
    section.problem("mount", "is not among host.mounts, " + listed(mounts) + ": add it there");
}

}  // namespace

void read_subject(const Reader& condition, const RuleScope& scope, policy::Rule& rule) {
  const auto refuse = [&](std::string_view key, Metric metric) {
    if (rule.metric != metric && condition.has(key))
      condition.problem(key, "stands beside " + std::string(name_of(metric)) + " only");
  };
  refuse("mount", Metric::disk);
  refuse("log", Metric::log_value);
  refuse("capture", Metric::log_value);
  if (rule.metric == Metric::unhealthy) read_probe_name(condition, scope.workload, rule);
  if (rule.metric == Metric::log_value) read_capture(condition, scope.workload, rule);
  if (rule.metric == Metric::disk) read_mount(condition, scope.mounts, rule);
}

}  // namespace guard::config
