#include "agent/simulation/timeline_text.h"

#include <algorithm>
#include <cmath>

#include "agent/recording/fields.h"
#include "base/units.h"

namespace agent::simulation {
namespace {

using recording::format_time;

std::string in_words(double seconds) { return base::format_duration(base::from_seconds(std::round(seconds))); }

std::string with_underscores_gone(std::string text) {
  std::ranges::replace(text, '_', ' ');
  return text;
}

}  // namespace

std::string sentence_of(const Entry& entry, double since) {
  const std::string why = entry.why.empty() ? "" : ": " + entry.why;
  const std::string rule = entry.rule.empty() ? "" : " (rule " + entry.rule + ")";
  std::string text;
  switch (entry.kind) {
    case Entry::Kind::verdict: text = "memory is " + with_underscores_gone(entry.what) + why; break;
    case Entry::Kind::run: text = "the workload is " + entry.what + why; break;
    case Entry::Kind::action: text = "would " + entry.what + rule + why; break;
    case Entry::Kind::refusal: text = with_underscores_gone(entry.what) + rule + why; break;
  }
  if (entry.times > 1)
    text += "; " + std::to_string(entry.times) + " times until " +
            (since > 0 ? "+" + in_words(entry.last - since) : format_time(entry.last));
  return text;
}

namespace {

// With its time in front, and its evidence behind it.
std::vector<std::string> lines_of(const Entry& entry) {
  std::vector<std::string> lines = {format_time(entry.at) + "  " + sentence_of(entry)};
  std::string readings;
  for (const auto& [name, value] : entry.evidence) {
    const std::string text = with_underscores_gone(name) + ": " + value;
    if (name == "leak")
      lines.push_back("    " + text);
    else
      readings += (readings.empty() ? "    " : ", ") + text;
  }
  if (!readings.empty()) lines.push_back(readings);
  if (entry.after_act && entry.kind == Entry::Kind::action && entry.touches)
    lines.emplace_back("    after an earlier act: its memory went on as if nothing had been done");
  return lines;
}

}  // namespace

std::string sum_of(const Timeline& timeline) {
  std::string text;
  for (const auto& [action, count] : timeline.actions())
    text += (text.empty() ? "would " : ", ") + action + (count == 1 ? " once" : " " + std::to_string(count) + " times");
  return text.empty() ? "would do nothing" : text;
}

std::vector<std::string> lines_of(const Replayed& replayed) {
  const recording::Verdict verdict = replayed.analysis.verdict();
  std::string head = replayed.workload + ": " + sum_of(replayed.timeline);
  std::vector<std::string> lines = {head};
  std::string played = "  played " + std::to_string(verdict.samples) + " readings";
  if (replayed.series != replayed.workload) played += " of " + replayed.series;
  played += ", " + format_time(replayed.first) + " to " + format_time(replayed.last);
  if (replayed.interval_seconds > 0) played += ", one every " + in_words(replayed.interval_seconds);
  if (verdict.limit_bytes) played += ", limit " + base::format_bytes({*verdict.limit_bytes});
  lines.push_back(played);
  bool acted = false;
  for (const Entry& entry : replayed.timeline.entries()) {
    for (const std::string& line : lines_of(entry)) lines.push_back("  " + line);
    if (!acted && entry.touches && entry.kind == Entry::Kind::action) {
      acted = true;
      lines.emplace_back("      from here on the record shows what happened without it");
    }
    if (entry.kind == Entry::Kind::run && entry.what == "restarted") acted = false;
  }
  if (replayed.timeline.left_out() > 0)
    lines.push_back("  and " + std::to_string(replayed.timeline.left_out()) + " entries more");
  for (const std::string& note : replayed.notes) lines.push_back("  note: " + note);
  return lines;
}

}  // namespace agent::simulation
