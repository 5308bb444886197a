#include "chatcore/storage/store.h"

#include <filesystem>
#include <string_view>
#include <system_error>

#include <stdlib.h>

#include "chatcore/storage/database_url.h"
#include "chatcore/storage/postgres_store.h"
#include "chatcore/storage/sqlite_store.h"

namespace chatcore::storage {
namespace {

constexpr std::string_view kScheme = "sqlite://";
constexpr std::string_view kMemory = ":memory:";

// A real file and not SQLite's shared cache: with that one a reader is locked out while another connection writes, so
// a test would see a different database from the one in service.
base::Result<std::unique_ptr<Store>> open_temporary(const base::Clock& clock) {
  std::error_code error;
  std::string folder = (std::filesystem::temp_directory_path(error) / "chatcore-XXXXXX").string();
  if (error || mkdtemp(folder.data()) == nullptr) {
    return base::fail(base::Code::unavailable, "create a temporary folder for the database: " + folder);
  }
  return SqliteStore::open({.path = std::filesystem::path(folder) / "chatcore.db", .remove_on_close = folder}, clock);
}

}  // namespace

base::Result<std::unique_ptr<Store>> open_store(const std::string& database_url, const base::Clock& clock,
                                                bool may_migrate) {
  std::string_view rest = database_url;
  if (rest == kMemory) return open_temporary(clock);
  switch (kind_of_database(rest)) {
    case DatabaseKind::sqlite: break;
    case DatabaseKind::postgresql:
      return PostgresStore::open({.target = {.url = database_url}, .may_migrate = may_migrate}, clock);
    case DatabaseKind::unknown:
      return base::fail(base::Code::invalid_argument,
                        "the database URL begins with no known scheme; an example: sqlite://./data/chatcore.db");
  }
  rest.remove_prefix(kScheme.size());
  if (rest == kMemory) return open_temporary(clock);
  if (rest.empty() || rest.back() == '/' || rest.find('\0') != std::string_view::npos) {
    return base::fail(base::Code::invalid_argument,
                      "the database URL names no file; an example: sqlite://./data/chatcore.db");
  }
  return SqliteStore::open({.path = std::filesystem::path(rest), .may_migrate = may_migrate}, clock);
}

}  // namespace chatcore::storage
