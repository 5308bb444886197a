#include "guard/history/schema.h"

#include <array>
#include <string>

namespace guard::history {
namespace {

// "leak" as a number: how a file says whose it is (SQLite's application_id).
constexpr std::int64_t kApplicationId = 0x6c65616b;

// A block is a stretch of ticks, encoded (block.h); `since` and `until` are the times of its first and last tick by the
// wall clock, in nanoseconds since 1970 UTC. Ids go up with time even where the wall clock went back. The index is what
// is searched: the table's pages are full of blocks.
constexpr std::array<const char*, 1> kSteps = {R"sql(
CREATE TABLE blocks (
  id         INTEGER PRIMARY KEY,
  resolution INTEGER NOT NULL,
  since      INTEGER NOT NULL,
  until      INTEGER NOT NULL,
  ticks      INTEGER NOT NULL,
  data       BLOB    NOT NULL
);
CREATE INDEX blocks_in_order ON blocks (resolution, id, since, until, ticks);
)sql"};

base::Status run_step(Database& database, const char* sql, std::size_t version) {
  const std::string text = "BEGIN IMMEDIATE;" + std::string(sql) +
                           ";PRAGMA application_id=" + std::to_string(kApplicationId) +
                           ";PRAGMA user_version=" + std::to_string(version) + ";COMMIT";
  auto done = database.execute(text);
  if (!done && database.in_transaction()) static_cast<void>(database.execute("ROLLBACK"));
  return done;
}

// The version, when the database is ours or empty and of a version that is known.
base::Result<std::int64_t> version_of(Database& database, SchemaSteps steps) {
  const auto owner = database.query_number("PRAGMA application_id");
  if (!owner) return owner;
  const auto tables = database.query_number("SELECT count(*) FROM sqlite_master");
  if (!tables) return tables;
  if (*tables > 0 && *owner != kApplicationId)
    return base::fail(base::Code::invalid_argument,
                      "it is a database of another program: move it away, or choose "
                      "another agent.state_dir");
  const auto version = database.query_number("PRAGMA user_version");
  if (!version) return version;
  if (*version < 0 || *version > static_cast<std::int64_t>(steps.size())) {
    return base::fail(base::Code::invalid_argument, "it has schema version " + std::to_string(*version) +
                                                        " and this leakguard knows versions up to " +
                                                        std::to_string(steps.size()) +
                                                        ": use the leakguard that wrote it, or move it away to begin "
                                                        "a new history");
  }
  return *version;
}

}  // namespace

SchemaSteps schema_steps() { return kSteps; }

base::Status prepare_schema(Database& database, SchemaSteps steps) {
  const auto version = version_of(database, steps);
  if (!version) return base::fail(version.error());
  for (auto step = static_cast<std::size_t>(*version); step < steps.size(); ++step) {
    if (auto done = run_step(database, steps[step], step + 1); !done)
      return base::fail(done.error().within("migrate to schema version " + std::to_string(step + 1)));
  }
  return {};
}

base::Status check_schema(Database& database, SchemaSteps steps) {
  const auto version = version_of(database, steps);
  if (!version) return base::fail(version.error());
  if (*version == static_cast<std::int64_t>(steps.size())) return {};
  return base::fail(base::Code::invalid_argument,
                    "it has schema version " + std::to_string(*version) + " and this leakguard reads version " +
                        std::to_string(steps.size()) +
                        ": start this leakguard's agent once, which brings it up to date");
}

}  // namespace guard::history
