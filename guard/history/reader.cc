#include "guard/history/reader.h"

#include <algorithm>
#include <array>
#include <limits>
#include <utility>

#include "guard/history/block.h"
#include "guard/history/fields.h"
#include "guard/history/schema.h"
#include "guard/history/sqlite.h"
#include "guard/history/steady_line.h"

namespace guard::history {
namespace {

constexpr std::int64_t kEarliest = std::numeric_limits<std::int64_t>::min();
constexpr std::int64_t kLatest = std::numeric_limits<std::int64_t>::max();

std::int64_t nanoseconds(base::WallTime time) {
  return std::chrono::duration_cast<std::chrono::nanoseconds>(time.time_since_epoch()).count();
}
base::WallTime wall_time(std::int64_t nanoseconds) { return base::WallTime(base::WallTime::duration(nanoseconds)); }

// A stretch of time that is read from one resolution: [since, until).
struct Stretch {
  Resolution resolution = Resolution::raw;
  std::int64_t since = kEarliest;
  std::int64_t until = kLatest;
};

}  // namespace

std::string database_path(const std::string& state_dir) { return state_dir.empty() ? "" : state_dir + "/history.db"; }

std::string damage_told(std::uint64_t passed_over) {
  if (passed_over == 0) return "";
  return std::to_string(passed_over) + (passed_over == 1 ? " block was" : " blocks were") + " damaged and passed over";
}

struct Reader::Impl {
  explicit Impl(Database opened) : database(std::move(opened)) {}

  base::Status plan();
  base::Result<bool> next_block();
  [[nodiscard]] bool is_wanted(const std::string& workload) const {
    return query.workloads.empty() || std::ranges::find(query.workloads, workload) != query.workloads.end();
  }

  Database database;
  Query query;
  std::vector<Stretch> stretches;  // what is still to be read, the oldest last
  std::int64_t last_id = -1;       // of the stretch under way
  std::optional<Block> block;
  std::size_t tick = 0;  // of the block, the next one to be given
  bool has_given_of_block = false;
  std::uint64_t passed_over = 0;
  SteadyLine line;
  Moment moment;
};

// Coarser samples are read up to where finer ones begin.
base::Status Reader::Impl::plan() {
  stretches.clear();
  const std::int64_t since = query.since ? nanoseconds(*query.since) : kEarliest;
  std::int64_t until = query.until ? nanoseconds(*query.until) : kLatest;
  if (query.resolution) {
    stretches.push_back({*query.resolution, since, until});
    return {};
  }
  for (const Resolution resolution : kResolutions) {
    if (resolution < query.finest) continue;
    if (until <= since) break;
    stretches.push_back({resolution, since, until});
    auto oldest = database.prepare("SELECT since FROM blocks WHERE resolution = ? ORDER BY id LIMIT 1");
    if (!oldest) return base::fail(oldest.error());
    const auto row = oldest->bind(1, static_cast<std::int64_t>(resolution)).step();
    if (!row) return base::fail(row.error());
    if (!*row) {
      stretches.pop_back();
      continue;
    }
    stretches.back().since = std::max(since, oldest->number(0));
    until = std::min(until, oldest->number(0));
  }
  return {};
}

base::Result<bool> Reader::Impl::next_block() {
  while (!stretches.empty()) {
    const Stretch& stretch = stretches.back();
    auto rows = database.prepare(
        "SELECT id, data FROM blocks WHERE resolution = ? AND id > ? AND until >= ? AND since < ? ORDER BY id LIMIT 1");
    if (!rows) return base::fail(rows.error());
    rows->bind(1, static_cast<std::int64_t>(stretch.resolution)).bind(2, last_id);
    const auto row = rows->bind(3, stretch.since).bind(4, stretch.until).step();
    if (!row) return base::fail(row.error());
    if (!*row) {
      stretches.pop_back();
      last_id = -1;
      continue;
    }
    last_id = rows->number(0);
    block = Block::decode(rows->blob(1));
    tick = 0;
    has_given_of_block = false;
    if (block) return true;
    ++passed_over;
  }
  return false;
}

Reader::Reader(std::unique_ptr<Impl> impl) : impl_(std::move(impl)) {}
Reader::~Reader() = default;
Reader::Reader(Reader&&) noexcept = default;
Reader& Reader::operator=(Reader&&) noexcept = default;

base::Result<Reader> Reader::open(const std::string& path) {
  auto database = Database::open(path, Access::read_only);
  if (!database) return base::fail(database.error().within(path));
  if (auto known = check_schema(*database); !known) return base::fail(known.error().within(path));
  Reader reader(std::make_unique<Impl>(std::move(*database)));
  if (auto ready = reader.seek({}); !ready) return base::fail(ready.error().within(path));
  return reader;
}

base::Status Reader::seek(Query query) {
  impl_->query = std::move(query);
  impl_->last_id = -1;
  impl_->block.reset();
  impl_->passed_over = 0;
  impl_->line = {};
  return impl_->plan();
}

base::Result<const Moment*> Reader::next() {
  for (;;) {
    if (!impl_->block || impl_->tick >= impl_->block->ticks()) {
      impl_->block.reset();
      const auto found = impl_->next_block();
      if (!found) return base::fail(found.error());
      if (!*found) return nullptr;
    }
    const Stretch& stretch = impl_->stretches.back();
    Moment& moment = impl_->moment;
    moment.resolution = stretch.resolution;
    extract(
        *impl_->block, impl_->tick++, [this](const std::string& name) { return impl_->is_wanted(name); }, moment);
    const std::int64_t wall = nanoseconds(moment.snapshot.wall);
    if (wall < stretch.since || wall >= stretch.until) continue;
    if (moment.snapshot.workloads.empty() && !impl_->query.workloads.empty()) continue;
    const bool is_same_run = std::exchange(impl_->has_given_of_block, true);
    if (!impl_->query.keeps_steady_times) impl_->line.shift(moment.snapshot, is_same_run);
    return &moment;
  }
}

std::uint64_t Reader::passed_over() const { return impl_->passed_over; }

base::Result<Extent> Reader::extent(Resolution resolution) {
  auto rows = impl_->database.prepare("SELECT sum(ticks), min(since), max(until) FROM blocks WHERE resolution = ?");
  if (!rows) return base::fail(rows.error());
  const auto row = rows->bind(1, static_cast<std::int64_t>(resolution)).step();
  if (!row) return base::fail(row.error());
  if (rows->is_null(1)) return Extent{};
  return Extent{static_cast<std::uint64_t>(rows->number(0)), wall_time(rows->number(1)), wall_time(rows->number(2))};
}

base::Result<std::vector<std::string>> Reader::workloads() {
  auto rows = impl_->database.prepare("SELECT data FROM blocks ORDER BY id DESC LIMIT 1");
  if (!rows) return base::fail(rows.error());
  const auto row = rows->step();
  if (!row) return base::fail(row.error());
  std::vector<std::string> names;
  if (!*row) return names;
  const auto newest = Block::decode(rows->blob(0));
  if (!newest) return base::fail(base::Code::corrupt, "the newest block cannot be decoded");
  for (const auto& entry : newest->sections())
    if (entry.first.part == Part::workload) names.push_back(entry.first.names[0]);
  return names;
}

}  // namespace guard::history
