#include "chatcore/storage/sqlite_connection.h"

#include <cerrno>
#include <filesystem>
#include <system_error>
#include <utility>

#include <sqlite3.h>
#include <sys/statvfs.h>
#include <unistd.h>

#include "chatcore/storage/outage.h"

namespace chatcore::storage {
namespace {

// Extended codes say more, the low byte says the kind.
base::Code code_of(int result, int system_error) {
  switch (result & 0xff) {
    case SQLITE_FULL:
    case SQLITE_NOMEM: return base::Code::exhausted;
    case SQLITE_CORRUPT:
    case SQLITE_NOTADB: return base::Code::corrupt;
    case SQLITE_BUSY:
    case SQLITE_LOCKED:
    case SQLITE_PROTOCOL:
    case SQLITE_IOERR: return base::Code::unavailable;
    case SQLITE_PERM:
    case SQLITE_AUTH:
    case SQLITE_READONLY: return base::Code::permission_denied;
    case SQLITE_CANTOPEN:
      return system_error == EACCES || system_error == EPERM || system_error == EROFS ? base::Code::permission_denied
                                                                                      : base::Code::unavailable;
    case SQLITE_TOOBIG: return base::Code::too_large;
    case SQLITE_CONSTRAINT: return base::Code::conflict;
    default: return base::Code::internal;
  }
}

tl::unexpected<base::Error> failure(sqlite3* database, int result) {
  const int extended = database != nullptr ? sqlite3_extended_errcode(database) : result;
  const std::string words = database != nullptr ? sqlite3_errmsg(database) : sqlite3_errstr(result);
  const int system_error = database != nullptr ? sqlite3_system_errno(database) : 0;
  std::string message = "sqlite: " + words + " (code " + std::to_string(extended) + ")";
  if ((result & 0xff) == SQLITE_FULL) return base::fail(full_disk(std::move(message)));
  return base::fail(code_of(result, system_error), std::move(message));
}

// What is wrong with `path` and what to do about it, since SQLite does not say; empty: not known.
std::string obstacle_at(const std::string& path) {
  namespace fs = std::filesystem;
  std::error_code error;
  const fs::path folder = fs::path(path).has_parent_path() ? fs::path(path).parent_path() : fs::path(".");
  if (fs::is_directory(path, error)) return "it is a folder; name a file in it";
  if (!fs::exists(folder, error) && !error) return "there is no folder " + folder.string() + "; create it";
  if (::access(folder.c_str(), W_OK | X_OK) != 0) {
    const std::string reason = base::error_from_errno(errno, folder.string()).message;
    return reason + "; give this user write access to the folder: SQLite creates its log there";
  }
  if (::access(path.c_str(), F_OK) == 0 && ::access(path.c_str(), R_OK | W_OK) != 0) {
    return base::error_from_errno(errno, path).message + "; give this user read and write access to the file";
  }
  return "";
}

bool is_about_file(int result) {
  const int kind = result & 0xff;
  return kind == SQLITE_CANTOPEN || kind == SQLITE_READONLY || kind == SQLITE_PERM;
}

base::Error cannot_open(base::Error error, int result, const std::string& path) {
  const std::string obstacle = is_about_file(result) ? obstacle_at(path) : "";
  if (!obstacle.empty()) error.message += ": " + obstacle;
  return error;
}

// Each connection may keep 2 MiB of pages, so that a store's memory does not depend on the size of the database.
// The log is cut back after a checkpoint, lest one burst leaves a large file behind.
constexpr const char* kPragmas =
    "PRAGMA journal_mode=WAL;"
    "PRAGMA synchronous=FULL;"
    "PRAGMA foreign_keys=ON;"
    "PRAGMA cache_size=-2048;"
    "PRAGMA journal_size_limit=16777216;";
constexpr int kBusyTimeoutMilliseconds = 5000;

}  // namespace

void SqliteConnection::Close::operator()(sqlite3* database) const { sqlite3_close_v2(database); }
void SqliteStatement::Finalize::operator()(sqlite3_stmt* statement) const { sqlite3_finalize(statement); }

base::Result<SqliteConnection> SqliteConnection::open(const std::string& path, Access access) {
  // Readers open for writing as well, since sharing the log's index needs it, and are then forbidden to write.
  // No mutex: a connection is used by one thread at a time.
  const int flags =
      SQLITE_OPEN_READWRITE | SQLITE_OPEN_NOMUTEX | (access == Access::read_write ? SQLITE_OPEN_CREATE : 0);
  sqlite3* database = nullptr;
  const int result = sqlite3_open_v2(path.c_str(), &database, flags, nullptr);
  SqliteConnection connection(database);
  if (result != SQLITE_OK) return base::fail(cannot_open(failure(database, result).value(), result, path));
  sqlite3_extended_result_codes(database, 1);
  sqlite3_busy_timeout(database, kBusyTimeoutMilliseconds);
  if (auto done = connection.execute(kPragmas); !done) {
    return base::fail(cannot_open(done.error(), sqlite3_errcode(database), path));
  }
  if (access == Access::read_only) {
    if (auto done = connection.execute("PRAGMA query_only=ON"); !done) return tl::unexpected(done.error());
  }
  return connection;
}

base::Status SqliteConnection::execute(const char* sql) {
  const int result = sqlite3_exec(database_.get(), sql, nullptr, nullptr, nullptr);
  if (result != SQLITE_OK) return failure(database_.get(), result);
  return {};
}

base::Result<SqliteStatement> SqliteConnection::prepare(std::string_view sql) {
  sqlite3_stmt* statement = nullptr;
  const int result = sqlite3_prepare_v3(database_.get(), sql.data(), static_cast<int>(sql.size()),
                                        SQLITE_PREPARE_PERSISTENT, &statement, nullptr);
  if (result != SQLITE_OK) return failure(database_.get(), result);
  return SqliteStatement(statement);
}

base::Result<std::int64_t> SqliteConnection::query_number(std::string_view sql) {
  auto statement = prepare(sql);
  if (!statement) return tl::unexpected(std::move(statement).error());
  auto row = statement->step();
  if (!row) return tl::unexpected(std::move(row).error());
  return *row ? statement->number(0) : 0;
}

bool SqliteConnection::in_transaction() const { return sqlite3_get_autocommit(database_.get()) == 0; }

base::Status SqliteConnection::check_file() const {
  int has_moved = 0;
  sqlite3_file_control(database_.get(), "main", SQLITE_FCNTL_HAS_MOVED, &has_moved);
  if (has_moved == 0) return {};
  return base::fail(base::Code::unavailable,
                    "sqlite: the database file was deleted, moved or replaced while it is in use; put it back, or "
                    "restart with the one that is meant");
}

base::Status SqliteConnection::check_room() const {
  constexpr std::uint64_t kLeast = 512u << 10;
  const char* path = sqlite3_db_filename(database_.get(), "main");
  struct statvfs disk {};
  if (path == nullptr || ::statvfs(path, &disk) != 0) return {};
  if (std::uint64_t{disk.f_bavail} * disk.f_frsize >= kLeast) return {};
  return base::fail(full_disk("sqlite: the disk of the database is full"));
}

SqliteStatement& SqliteStatement::bind(int parameter, std::int64_t value) {
  const int result = sqlite3_bind_int64(statement_.get(), parameter, value);
  if (result != SQLITE_OK) bind_error_ = result;
  return *this;
}

SqliteStatement& SqliteStatement::bind(int parameter, std::string_view text) {
  // A null pointer would bind NULL, not the empty text.
  const char* data = text.data() != nullptr ? text.data() : "";
  const int result = sqlite3_bind_text64(statement_.get(), parameter, data, text.size(), SQLITE_TRANSIENT, SQLITE_UTF8);
  if (result != SQLITE_OK) bind_error_ = result;
  return *this;
}

base::Result<bool> SqliteStatement::step() {
  sqlite3* database = sqlite3_db_handle(statement_.get());
  if (bind_error_ != 0) return failure(database, bind_error_);
  const int result = sqlite3_step(statement_.get());
  if (result == SQLITE_ROW) return true;
  if (result == SQLITE_DONE) return false;
  return failure(database, result);
}

base::Status SqliteStatement::run() {
  base::Result<bool> row = true;
  while (row && *row) row = step();
  reset();
  if (!row) return tl::unexpected(std::move(row).error());
  return {};
}

void SqliteStatement::reset() {
  sqlite3_reset(statement_.get());
  sqlite3_clear_bindings(statement_.get());
  bind_error_ = 0;
}

std::int64_t SqliteStatement::number(int column) const { return sqlite3_column_int64(statement_.get(), column); }

std::string SqliteStatement::text(int column) const {
  const auto* text = reinterpret_cast<const char*>(sqlite3_column_text(statement_.get(), column));
  return text == nullptr ? std::string()
                         : std::string(text, static_cast<std::size_t>(sqlite3_column_bytes(statement_.get(), column)));
}

}  // namespace chatcore::storage
