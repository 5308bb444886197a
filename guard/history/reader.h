#pragma once
// Reads the history back as it was seen: snapshots in the order in which they were taken, as samples while these are
// kept, one a minute before, and one a quarter of an hour before that. Works beside a running agent and in another
// process: it never writes, and holds the database only while it reads one block of it, so the writer is never kept
// from cutting its log back.
//
//   auto reader = Reader::open(database_path(state_dir));
//   reader->seek({.since = from, .workloads = {"web"}});
//   for (auto moment = reader->next(); moment && *moment; moment = reader->next()) use((*moment)->snapshot);

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "base/clock.h"
#include "base/result.h"
#include "guard/history/resolution.h"
#include "guard/history/summary.h"
#include "guard/sample/snapshot.h"

namespace guard::history {

// Where the history of an agent with this state_dir is; "" when that keeps nothing.
std::string database_path(const std::string& state_dir);

// For people: "3 blocks were damaged and passed over"; "" when it is none.
std::string damage_told(std::uint64_t passed_over);

struct Moment {
  Resolution resolution = Resolution::raw;
  // As collected. `at` and the other steady times count on one line over restarts of the machine: while the agent ran
  // they are as far apart as they were, else as the wall clock says; they never go back, as `wall` may. What was absent
  // then is absent. Not kept: where cgroups were, why a reading was missing, how long sources took. When not raw it is
  // the last snapshot of its minute or quarter of an hour, which holds a workload's last sample.
  sample::Snapshot snapshot;
  std::vector<Summary> summaries;  // of snapshot.workloads, in their order; empty when raw
};

struct Query {
  std::optional<base::WallTime> since = {};   // inclusive
  std::optional<base::WallTime> until = {};   // exclusive
  std::vector<std::string> workloads = {};    // empty: all. Host and sources always come along
  std::optional<Resolution> resolution = {};  // only this one; none: the finest that is kept of each time
  Resolution finest = Resolution::raw;        // none finer than this, when there is no `resolution`
  bool keeps_steady_times = false;            // as the clock of each run had them, not on one line
};

// What there is of one resolution.
struct Extent {
  std::uint64_t ticks = 0;
  std::optional<base::WallTime> since;  // of the oldest; none when there is nothing
  std::optional<base::WallTime> until;  // of the newest
};

// Use from one thread. Moveable.
class Reader {
 public:
  // Errors: not_found, permission_denied, unavailable (locked), corrupt (not a history, or a newer version's: with what
  // to do).
  static base::Result<Reader> open(const std::string& path);
  ~Reader();
  Reader(Reader&&) noexcept;
  Reader& operator=(Reader&&) noexcept;

  // Begins to read anew. Ticks in which none of the wanted workloads was there are passed over.
  base::Status seek(Query query);
  // The next tick, which lives until the next call; null at the end. Memory: one block of at most 4096 readings. A
  // block that cannot be decoded costs only what is in it. Errors: corrupt (the file), unavailable.
  base::Result<const Moment*> next();
  // So many blocks that could not be decoded were passed over since seek().
  [[nodiscard]] std::uint64_t passed_over() const;

  base::Result<Extent> extent(Resolution resolution);
  // The workloads of the newest block, by name.
  base::Result<std::vector<std::string>> workloads();

 private:
  struct Impl;
  explicit Reader(std::unique_ptr<Impl> impl);
  std::unique_ptr<Impl> impl_;
};

}  // namespace guard::history
