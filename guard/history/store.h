#pragma once
// The database file, bounded by size and age. When it is full, the oldest block is removed from the resolution that
// most exceeds its share, for all workloads alike. Private to this folder.

#include <array>
#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "base/clock.h"
#include "guard/history/limits.h"
#include "guard/history/resolution.h"
#include "guard/history/sqlite.h"

namespace guard::history {

// One block on its way into the database.
struct Row {
  std::optional<std::int64_t> id;  // of the row it replaces: the same block with fewer ticks
  Resolution resolution = Resolution::raw;
  base::WallTime since;  // of the earliest tick
  base::WallTime until;  // of the latest
  std::size_t ticks = 0;
  std::size_t samples = 0;  // one a workload and tick: what is lost with it
  std::string data;
};

// Use from one thread; every call may block on the disk.
class Store {
 public:
  // Makes the file and its folder, or brings an older one up to date, and looks whether it is whole. Errors: corrupt,
  // when it is damaged: set_aside() and try again; invalid_argument, when it is not ours to write; others may pass.
  static base::Result<Store> open(const std::string& path, const Limits& limits);
  // Renames a damaged file to PATH.corrupt, in the place of the one before, so that there is room for a new one.
  static base::Status set_aside(const std::string& path);

  // All or nothing, in one transaction, which a crash of this program does not undo. Fills in the ids. `now` is what
  // age is counted to.
  base::Status write(std::vector<Row>& rows, base::WallTime now);
  // Of the file and of SQLite's two beside it.
  [[nodiscard]] std::int64_t bytes_on_disk() const;
  // The latest tick's time; none when there is nothing.
  base::Result<std::optional<base::WallTime>> newest(Resolution resolution);

 private:
  Store(std::string path, const Limits& limits, Database database);
  base::Status prepare();
  base::Status write_rows(std::vector<Row>& rows, base::WallTime now);
  base::Status expire(base::WallTime now);
  base::Status make_room(std::int64_t incoming, const std::vector<Row>& rows);
  base::Result<bool> remove_oldest(Resolution resolution, const std::vector<Row>& rows);
  base::Status put(Row& row);
  void shrink();
  [[nodiscard]] std::int64_t bytes_of_log() const;

  std::string path_;
  Limits limits_;
  std::int64_t most_log_bytes_;   // of the write-ahead log
  std::int64_t most_main_bytes_;  // of the file itself
  Database database_;
  std::array<std::int64_t, kResolutions.size()> bytes_ = {};  // of blocks
};

}  // namespace guard::history
