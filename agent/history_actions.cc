#include "agent/history_actions.h"

#include <cerrno>
#include <fstream>

#include <nlohmann/json.hpp>

#include "base/bounded_lines.h"
#include "base/regular_file.h"

namespace agent {
namespace {

using nlohmann::json;

bool is_wanted(const json& action, const ActionQuery& query) {
  const auto workload = action.find("workload");
  const bool is_named = workload != action.end() && workload->is_string();
  if (!query.workload.empty() && (!is_named || *workload != query.workload)) return false;
  const auto at = action.find("at");
  if (at == action.end() || !at->is_number()) return !query.since && !query.until;
  const double seconds = at->get<double>();
  const auto of = [](base::WallTime time) { return base::to_seconds(time.time_since_epoch()); };
  return (!query.since || seconds >= of(*query.since)) && (!query.until || seconds < of(*query.until));
}

}  // namespace

std::string journal_path(const std::string& state_dir) { return state_dir.empty() ? "" : state_dir + "/actions.jsonl"; }

base::Result<std::uint64_t> read_actions(const ActionQuery& query,
                                         const std::function<bool(const std::string& line)>& take) {
  const std::string path = journal_path(query.state_dir);
  std::uint64_t passed_over = 0;
  for (const std::string& file : {path + ".1", path}) {
    if (const auto plain = base::check_regular_file(file); !plain) {
      if (file == path || plain.error().code != base::Code::not_found) return base::fail(plain.error());
      continue;
    }
    std::ifstream in(file, std::ios::binary);
    if (!in) return base::fail(base::error_from_errno(errno, "open " + file));
    bool is_taken = true;
    base::for_each_line(in, kMaxJournalLineBytes, [&](const std::string& line) {
      const json action = json::parse(line, nullptr, false);
      if (!action.is_object())
        ++passed_over;
      else if (is_wanted(action, query))
        is_taken = take(line);
      return is_taken;
    });
    if (!is_taken) return base::fail(base::Code::unavailable, "the output cannot be written");
  }
  return passed_over;
}

}  // namespace agent
