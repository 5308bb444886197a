#include "agent/journal_memory.h"

#include <algorithm>
#include <array>
#include <deque>
#include <fstream>
#include <iterator>
#include <string_view>

#include <nlohmann/json.hpp>

#include "agent/history_actions.h"
#include "base/bounded_lines.h"
#include "base/log.h"
#include "base/regular_file.h"

namespace agent {
namespace {

using nlohmann::json;

constexpr std::array<std::string_view, 5> kEnforcing = {"shed", "reclaim", "signal", "restart", "stop"};

constexpr double kLatestSeconds = 9e9;  // in the year 2255: later, nanoseconds do not fit any more

}  // namespace

std::optional<guard::PastAction> parse_journal_line(const std::string& line) {
  // One that is about to be carried out has no outcome yet.
  const json entry = json::parse(line, nullptr, false);
  if (!entry.is_object() || !entry.contains("outcome") || !entry["outcome"].is_null()) return std::nullopt;
  try {
    if (std::ranges::find(kEnforcing, entry.at("action").get<std::string>()) == kEnforcing.end()) return std::nullopt;
    const double seconds = entry.at("at").get<double>();
    if (!(seconds >= 0 && seconds < kLatestSeconds)) return std::nullopt;
    const auto at = std::chrono::duration_cast<base::WallTime::duration>(std::chrono::duration<double>(seconds));
    const json step = entry.value("step", json());
    return guard::PastAction{entry.at("workload").get<std::string>(), entry.at("rule").get<std::string>(),
                             base::WallTime(at), step.is_number_unsigned() ? step.get<std::size_t>() : 0};
  } catch (const json::exception&) {
    return std::nullopt;
  }
}

std::vector<guard::PastAction> read_journal(const std::string& journal) {
  std::deque<guard::PastAction> actions;
  for (const std::string& path : {journal + ".1", journal}) {
    if (const auto plain = base::check_regular_file(path); !plain) {
      if (plain.error().code != base::Code::not_found)
        base::log_error(
            "the journal of actions cannot be read: actions of earlier agents do not count towards the limits",
            {{"error", plain.error().message}});
      continue;
    }
    std::ifstream file(path);
    base::for_each_line(file, kMaxJournalLineBytes, [&](const std::string& line) {
      auto action = parse_journal_line(line);
      if (!action) return true;
      if (actions.size() >= kMostRemembered) actions.pop_front();
      actions.push_back(std::move(*action));
      return true;
    });
  }
  return {std::make_move_iterator(actions.begin()), std::make_move_iterator(actions.end())};
}

}  // namespace agent
