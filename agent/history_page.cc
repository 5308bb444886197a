#include "agent/history_page.h"

#include <chrono>
#include <optional>
#include <utility>

#include <nlohmann/json.hpp>

#include "agent/pages.h"
#include "agent/time_asked.h"
#include "guard/history/reader.h"
#include "guard/signal/rates.h"

namespace agent {
namespace {

using guard::history::Moment;
using guard::history::Resolution;
using guard::sample::Reading;
using nlohmann::ordered_json;

constexpr std::int64_t kMostPoints = 3000;
constexpr std::size_t kMostAsking = 4;
constexpr base::Duration kDefaultSpan = std::chrono::hours(1);

// The time asked, and how close together points are worth giving.
struct Wanted {
  std::string workload;
  base::WallTime since;
  base::Duration step;
};

Resolution finest_for(base::Duration step) {
  if (step <= std::chrono::seconds(1)) return Resolution::raw;
  return step <= guard::history::step_of(Resolution::minute) ? Resolution::minute : Resolution::quarter;
}

ordered_json number(const Reading<base::Bytes>& value) {
  return value && !value->is_unlimited() ? ordered_json(value->count) : ordered_json();
}

double unix_seconds(base::WallTime time) { return base::to_seconds(time.time_since_epoch()); }

constexpr const char* kColumns[] = {
    "time",        "resolution",      "memory_bytes", "memory_min_bytes", "memory_max_bytes", "working_set_bytes",
    "limit_bytes", "cpu_used_seconds"};

ordered_json point_of(const Moment& moment) {
  const auto& workload = moment.snapshot.workloads.front();
  const auto memory = guard::signal::unreclaimable(workload);
  const bool is_raw = moment.resolution == Resolution::raw;
  const auto& used = workload.resources.cpu.used;
  return {unix_seconds(moment.snapshot.wall),
          name_of(moment.resolution),
          number(memory),
          number(is_raw ? memory : moment.summaries.front().unreclaimable.least),
          number(is_raw ? memory : moment.summaries.front().unreclaimable.most),
          number(guard::signal::working_set(workload)),
          number(guard::signal::memory_limit(workload, moment.snapshot.host)),
          used ? ordered_json(base::to_seconds(*used)) : ordered_json()};
}

base::Result<std::string> read_points(const std::string& path, const Wanted& wanted) {
  ordered_json points = ordered_json::array();
  auto reader = guard::history::Reader::open(path);
  // An agent that has just begun has not written yet.
  if (!reader && reader.error().code != base::Code::not_found) return base::fail(reader.error());
  if (reader) {
    if (auto ready =
            reader->seek({.since = wanted.since, .workloads = {wanted.workload}, .finest = finest_for(wanted.step)});
        !ready)
      return base::fail(ready.error());
    std::optional<base::SteadyTime> last;
    for (auto moment = reader->next(); !moment || *moment != nullptr; moment = reader->next()) {
      if (!moment) return base::fail(moment.error());
      const base::SteadyTime at = (*moment)->snapshot.at;
      // A little less than the step: samples are never taken quite on the second.
      if (last && at - *last < wanted.step * 9 / 10) continue;
      last = at;
      points.push_back(point_of(**moment));
    }
  }
  const ordered_json answer = {{"workload", wanted.workload},
                               {"since", unix_seconds(wanted.since)},
                               {"step_seconds", base::to_seconds(wanted.step)},
                               {"columns", kColumns},
                               {"points", std::move(points)}};
  return answer.dump(-1, ' ', false, nlohmann::json::error_handler_t::replace) + '\n';
}

}  // namespace

HistoryPage::HistoryPage(std::string path) : path_(std::move(path)), worker_("history-read", kMostAsking) {}

void HistoryPage::answer(const std::shared_ptr<base::HttpExchange>& exchange, const std::string& workload,
                         base::WallTime now) {
  const std::string text = exchange->request().query_value("since");
  const auto since = text.empty() ? base::Result<TimeAsked>(TimeAsked{{}, kDefaultSpan}) : parse_time_asked(text);
  if (!since) return exchange->respond(text_page(400, "since: " + since.error().message + "\n"));
  Wanted wanted{workload, since->from(now), {}};
  wanted.step = std::max<base::Duration>((now - wanted.since) / kMostPoints, base::Duration(0));
  const bool is_taken = worker_.submit([path = path_, wanted = std::move(wanted), exchange] {
    auto body = read_points(path, wanted);
    exchange->respond(body ? json_page(std::move(*body))
                           : text_page(503, "the history cannot be read: " + body.error().message + "\n"));
  });
  if (is_taken) return;
  auto busy = text_page(503, "too many ask for the history at once\n");
  busy.headers.emplace_back("Retry-After", "1");
  exchange->respond(std::move(busy));
}

}  // namespace agent
