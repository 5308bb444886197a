#include "agent/web/history_page.h"

#include <algorithm>
#include <chrono>
#include <optional>
#include <utility>

#include <nlohmann/json.hpp>

#include "agent/recording/time_argument.h"
#include "agent/web/pages.h"
#include "guard/history/reader.h"
#include "guard/signal/rates.h"

namespace agent {
namespace {

using guard::history::Moment;
using guard::history::Reader;
using guard::history::Resolution;
using guard::sample::Reading;
using nlohmann::ordered_json;

constexpr std::int64_t kMostPoints = 3000;
constexpr std::size_t kMostAsking = 4;
constexpr base::Duration kDefaultSpan = std::chrono::hours(1);

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

// Collects points that are not closer together than is worth giving.
class Points {
 public:
  Points(std::string workload, base::Duration step) : workload_(std::move(workload)), step_(step) {}

  base::Status read(Reader& reader, base::WallTime since, base::WallTime until, Resolution finest) {
    if (auto ready = reader.seek({.since = since, .until = until, .workloads = {workload_}, .finest = finest}); !ready)
      return ready;
    std::optional<base::SteadyTime> last;
    while (std::ssize(json_) < 2 * kMostPoints) {  // the wall clock may have been set back
      const auto moment = reader.next();
      if (!moment) return base::fail(moment.error());
      if (*moment == nullptr) break;
      const auto& snapshot = (*moment)->snapshot;
      if (last && snapshot.at - *last < least_apart()) continue;
      last = snapshot.at;
      newest_ = snapshot.wall;
      json_.push_back(point_of(**moment));
    }
    return {};
  }
  // A little less than the step: samples are never taken quite on the second.
  [[nodiscard]] base::Duration least_apart() const { return step_ * 9 / 10; }
  [[nodiscard]] std::optional<base::WallTime> newest() const { return newest_; }
  ordered_json take() { return std::move(json_); }

 private:
  std::string workload_;
  base::Duration step_;
  std::optional<base::WallTime> newest_;
  ordered_json json_ = ordered_json::array();
};

// The minute or the quarter of an hour that is not over is in none of its resolution: its samples follow.
base::Status read_all(Reader& reader, base::WallTime since, base::WallTime until, Resolution finest, Points& points) {
  const auto summed = reader.extent(finest);  // before they are read: what is added meanwhile is seen twice, not never
  if (!summed) return base::fail(summed.error());
  if (auto read = points.read(reader, since, until, finest); !read || finest == Resolution::raw) return read;
  if (summed->until && *summed->until < until) since = std::max(since, *summed->until + base::WallTime::duration(1));
  if (points.newest()) since = std::max(since, *points.newest() + points.least_apart());
  return points.read(reader, since, until, Resolution::raw);
}

}  // namespace

base::Result<std::string> history_points(const std::string& path, const std::string& workload, base::WallTime since,
                                         base::WallTime now) {
  const auto step = std::max<base::Duration>((now - since) / kMostPoints, base::Duration(0));
  Points points(workload, step);
  auto reader = Reader::open(path);
  // An agent that has just begun has not written yet.
  if (!reader && reader.error().code != base::Code::not_found) return base::fail(reader.error());
  if (reader) {
    if (auto read = read_all(*reader, since, now + std::chrono::seconds(1), finest_for(step), points); !read)
      return base::fail(read.error());
  }
  const ordered_json answer = {{"workload", workload},
                               {"since", unix_seconds(since)},
                               {"step_seconds", base::to_seconds(step)},
                               {"columns", kColumns},
                               {"points", points.take()}};
  return answer.dump(-1, ' ', false, nlohmann::json::error_handler_t::replace) + '\n';
}

HistoryPage::HistoryPage(std::string path) : path_(std::move(path)), worker_("history-read", kMostAsking) {}

void HistoryPage::answer(const std::shared_ptr<base::HttpExchange>& exchange, const std::string& workload,
                         base::WallTime now) {
  const std::string text = exchange->request().query_value("since");
  const auto since = text.empty() ? base::Result<recording::TimeArgument>(recording::TimeArgument{{}, kDefaultSpan})
                                  : recording::parse_time_argument(text);
  if (!since) return exchange->respond(text_page(400, "since: " + since.error().message + "\n"));
  const bool is_taken = worker_.submit([path = path_, workload, from = since->from(now), now, exchange] {
    auto body = history_points(path, workload, from, now);
    exchange->respond(body ? json_page(std::move(*body))
                           : text_page(503, "the history cannot be read: " + body.error().message + "\n"));
  });
  if (is_taken) return;
  auto busy = text_page(503, "too many ask for the history at once\n");
  busy.headers.emplace_back("Retry-After", "1");
  exchange->respond(std::move(busy));
}

}  // namespace agent
