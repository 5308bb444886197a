#include "guard/history/store.h"

#include <algorithm>
#include <filesystem>
#include <utility>

#include <fcntl.h>
#include <unistd.h>

#include "guard/history/schema.h"
#include "guard/history/state_file.h"

namespace guard::history {
namespace {

constexpr std::int64_t kPage = 4096;
// Parts of the room that raw samples, minutes and quarters of an hour have; what one does not need the others may use.
// With 20 workloads at 1 s this keeps days, weeks and the whole time (docs/measurements.md has the figures).
constexpr std::array<double, kResolutions.size()> kShares = {0.5, 0.375, 0.125};
// The log is written over from its beginning once everything in it is in the file; it is looked after at half of this.
constexpr std::int64_t kLogPart = 16;
constexpr std::int64_t kLeastLogBytes = 128 << 10;
constexpr std::int64_t kMostLogBytes = 4 << 20;
constexpr int kMostExpired = 64;       // rows in one transaction: the disk is not kept busy for long
constexpr int kMostRemoved = 1000;     // the same, where room is wanted
constexpr int kPagesGivenBack = 1024;  // the same, where the file is to become smaller

std::int64_t size_of(const std::string& path) {
  std::error_code error;
  const auto size = std::filesystem::file_size(path, error);
  return error ? 0 : static_cast<std::int64_t>(size);
}

std::int64_t nanoseconds(base::WallTime time) { return time.time_since_epoch().count(); }
std::size_t index_of(Resolution resolution) { return static_cast<std::size_t>(resolution); }

}  // namespace

Store::Store(std::string path, const Limits& limits, Database database)
    : path_(std::move(path)),
      limits_(limits),
      most_log_bytes_(std::clamp(limits.max_size.count / kLogPart, kLeastLogBytes, kMostLogBytes)),
      most_main_bytes_(limits.max_size.count - 2 * most_log_bytes_),
      database_(std::move(database)) {}

base::Result<Store> Store::open(const std::string& path, const Limits& limits) {
  // Opening tells what is wrong with the folder. SQLite gives the files beside the database the database's mode.
  static_cast<void>(make_state_folder(std::filesystem::path(path).parent_path()));
  const auto created = open_state_file(path, O_RDWR | O_CREAT);
  if (!created) return base::fail(created.error());
  ::close(*created);
  auto database = Database::open(path, Access::read_write);
  if (!database) return base::fail(database.error());
  Store store(path, limits, std::move(*database));
  if (auto prepared = store.prepare(); !prepared) return base::fail(prepared.error());
  return store;
}

base::Status Store::prepare() {
  // Free pages are given back on request, which must be said before there is a table. A commit is safe from a crash of
  // this program at once, and from one of the machine with the next checkpoint: the journal beside is for what must not
  // be lost. Two logs' worth are set apart, since a transaction may begin while the log is full.
  const std::string pragmas =
      "PRAGMA auto_vacuum=INCREMENTAL; PRAGMA journal_mode=WAL; PRAGMA synchronous=NORMAL;"
      "PRAGMA cache_size=-512; PRAGMA temp_store=MEMORY;"
      "PRAGMA wal_autocheckpoint=" +
      std::to_string(most_log_bytes_ / 2 / kPage) + ";PRAGMA journal_size_limit=" + std::to_string(most_log_bytes_);
  if (auto done = database_.execute(pragmas); !done) return done;
  if (auto done = prepare_schema(database_); !done) return done;
  auto check = database_.prepare("PRAGMA quick_check(1)");
  if (!check) return base::fail(check.error());
  const auto row = check->step();
  if (!row) return base::fail(row.error());
  if (check->blob(0) != "ok") return base::fail(base::Code::corrupt, std::string(check->blob(0)));
  auto sizes = database_.prepare("SELECT resolution, sum(length(data)) FROM blocks GROUP BY resolution");
  if (!sizes) return base::fail(sizes.error());
  for (auto size = sizes->step(); !size || *size; size = sizes->step()) {
    if (!size) return base::fail(size.error());
    const auto resolution = static_cast<std::size_t>(sizes->number(0));
    if (resolution < bytes_.size()) bytes_[resolution] = sizes->number(1);
  }
  return {};
}

base::Status Store::set_aside(const std::string& path) {
  if (std::rename(path.c_str(), (path + ".corrupt").c_str()) != 0)
    return base::fail(base::error_from_errno(errno, "rename " + path));
  std::error_code ignored;
  for (const char* beside : {"-wal", "-shm"}) std::filesystem::remove(path + beside, ignored);
  return {};
}

base::Status Store::write(std::vector<Row>& rows, base::WallTime now) {
  // Whoever reads for long keeps the log from being written over: better to wait than to grow past the bound.
  if (bytes_of_log() > most_log_bytes_) {
    // Without waiting: there is another write soon.
    static_cast<void>(database_.query_number("PRAGMA busy_timeout=0"));
    static_cast<void>(database_.query_number("PRAGMA wal_checkpoint(TRUNCATE)"));
    static_cast<void>(database_.query_number("PRAGMA busy_timeout=" + std::to_string(kBusyMilliseconds)));
    if (bytes_of_log() > most_log_bytes_)
      return base::fail(base::Code::unavailable, "another program reads it for so long that its log has grown full");
  }
  const auto bytes = bytes_;
  std::vector<std::optional<std::int64_t>> ids;
  for (const Row& row : rows) ids.push_back(row.id);
  if (auto written = write_rows(rows, now); !written) {
    bytes_ = bytes;
    for (std::size_t i = 0; i < rows.size(); ++i) rows[i].id = ids[i];
    if (database_.in_transaction()) static_cast<void>(database_.execute("ROLLBACK"));
    return written;
  }
  shrink();
  return {};
}

base::Status Store::write_rows(std::vector<Row>& rows, base::WallTime now) {
  if (auto begun = database_.execute("BEGIN IMMEDIATE"); !begun) return begun;
  if (auto expired = expire(now); !expired) return expired;
  std::int64_t incoming = 0;
  for (const Row& row : rows) incoming += static_cast<std::int64_t>(row.data.size()) + kPage;
  if (auto made = make_room(incoming, rows); !made) return made;
  for (Row& row : rows)
    if (auto done = put(row); !done) return done;
  return database_.execute("COMMIT");
}

base::Status Store::expire(base::WallTime now) {
  for (const Resolution resolution : kResolutions) {
    auto old = database_.prepare("SELECT id, length(data) FROM blocks WHERE resolution = ? AND until < ? LIMIT ?");
    if (!old) return base::fail(old.error());
    old->bind(1, static_cast<std::int64_t>(resolution)).bind(2, nanoseconds(now) - limits_.keep.count());
    old->bind(3, kMostExpired);
    std::vector<std::int64_t> ids;
    for (auto row = old->step(); !row || *row; row = old->step()) {
      if (!row) return base::fail(row.error());
      ids.push_back(old->number(0));
      bytes_[index_of(resolution)] -= old->number(1);
    }
    for (const std::int64_t id : ids)
      if (auto gone = database_.execute("DELETE FROM blocks WHERE id = " + std::to_string(id)); !gone) return gone;
  }
  return {};
}

base::Status Store::make_room(std::int64_t incoming, const std::vector<Row>& rows) {
  for (int i = 0; i < kMostRemoved; ++i) {
    const auto pages = database_.query_number("PRAGMA page_count");
    if (!pages) return base::fail(pages.error());
    const auto free_pages = database_.query_number("PRAGMA freelist_count");
    if (!free_pages) return base::fail(free_pages.error());
    if ((*pages - *free_pages) * kPage + incoming <= most_main_bytes_) return {};
    // From what is most over its share first; from the others when there is nothing left of it.
    auto order = kResolutions;
    std::ranges::stable_sort(order, [this](Resolution a, Resolution b) {
      return static_cast<double>(bytes_[index_of(a)]) / kShares[index_of(a)] >
             static_cast<double>(bytes_[index_of(b)]) / kShares[index_of(b)];
    });
    bool has_removed = false;
    for (const Resolution resolution : order) {
      const auto removed = remove_oldest(resolution, rows);
      if (!removed) return base::fail(removed.error());
      if ((has_removed = *removed)) break;
    }
    if (!has_removed) return {};
  }
  return {};
}

base::Result<bool> Store::remove_oldest(Resolution resolution, const std::vector<Row>& rows) {
  std::optional<std::int64_t> id;
  {
    auto oldest = database_.prepare("SELECT id, length(data) FROM blocks WHERE resolution = ? ORDER BY id LIMIT 1");
    if (!oldest) return base::fail(oldest.error());
    const auto row = oldest->bind(1, static_cast<std::int64_t>(resolution)).step();
    if (!row) return base::fail(row.error());
    if (!*row) return false;
    id = oldest->number(0);
    if (std::ranges::any_of(rows, [&](const Row& written) { return written.id == id; })) return false;
    bytes_[index_of(resolution)] -= oldest->number(1);
  }
  if (auto gone = database_.execute("DELETE FROM blocks WHERE id = " + std::to_string(*id)); !gone)
    return base::fail(gone.error());
  return true;
}

base::Status Store::put(Row& row) {
  std::int64_t replaced = 0;
  if (row.id) {
    const auto size = database_.query_number("SELECT length(data) FROM blocks WHERE id = " + std::to_string(*row.id));
    if (!size) return base::fail(size.error());
    replaced = *size;
  }
  const char* const sql =
      row.id ? "INSERT OR REPLACE INTO blocks (resolution, since, until, ticks, data, id) VALUES (?, ?, ?, ?, ?, ?)"
             : "INSERT INTO blocks (resolution, since, until, ticks, data) VALUES (?, ?, ?, ?, ?)";
  auto statement = database_.prepare(sql);
  if (!statement) return base::fail(statement.error());
  statement->bind(1, static_cast<std::int64_t>(row.resolution)).bind(2, nanoseconds(row.since));
  statement->bind(3, nanoseconds(row.until)).bind(4, static_cast<std::int64_t>(row.ticks)).bind_blob(5, row.data);
  if (row.id) statement->bind(6, *row.id);
  if (auto done = statement->run(); !done) return done;
  if (!row.id) row.id = database_.last_id();
  bytes_[index_of(row.resolution)] += static_cast<std::int64_t>(row.data.size()) - replaced;
  return {};
}

// Only after max_size was made smaller: else free pages are soon written to again. What was written stands, so a
// failure (the disk may be full) is nobody's: it is tried again with the next write.
void Store::shrink() {
  const auto pages = database_.query_number("PRAGMA page_count");
  if (!pages || *pages * kPage <= most_main_bytes_) return;
  const auto given_back = database_.execute("PRAGMA incremental_vacuum(" + std::to_string(kPagesGivenBack) + ")");
  if (!given_back && database_.in_transaction()) static_cast<void>(database_.execute("ROLLBACK"));
}

std::int64_t Store::bytes_of_log() const { return size_of(path_ + "-wal"); }

std::int64_t Store::bytes_on_disk() const { return size_of(path_) + bytes_of_log() + size_of(path_ + "-shm"); }

base::Result<std::optional<base::WallTime>> Store::newest(Resolution resolution) {
  auto rows = database_.prepare("SELECT until FROM blocks WHERE resolution = ? ORDER BY id DESC LIMIT 1");
  if (!rows) return base::fail(rows.error());
  const auto row = rows->bind(1, static_cast<std::int64_t>(resolution)).step();
  if (!row) return base::fail(row.error());
  if (!*row) return std::optional<base::WallTime>();
  return std::optional(base::WallTime(base::WallTime::duration(rows->number(0))));
}

}  // namespace guard::history
