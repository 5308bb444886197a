#include "guard/history/sqlite.h"

#include <cerrno>
#include <filesystem>

#include <sqlite3.h>

namespace guard::history {
namespace {

base::Code code_of(int result, int system_error) {
  switch (result & 0xff) {  // the low byte of an extended code says the kind
    case SQLITE_FULL:
    case SQLITE_NOMEM: return base::Code::exhausted;
    case SQLITE_CORRUPT:
    case SQLITE_NOTADB: return base::Code::corrupt;
    case SQLITE_PERM:
    case SQLITE_AUTH:
    case SQLITE_READONLY: return base::Code::permission_denied;
    case SQLITE_CANTOPEN:
      if (system_error == ENOENT) return base::Code::not_found;
      return system_error == EACCES || system_error == EPERM || system_error == EROFS ? base::Code::permission_denied
                                                                                      : base::Code::unavailable;
    case SQLITE_IOERR: return system_error == ENOSPC ? base::Code::exhausted : base::Code::unavailable;
    case SQLITE_BUSY:
    case SQLITE_LOCKED:
    case SQLITE_PROTOCOL: return base::Code::unavailable;
    default: return base::Code::internal;
  }
}

tl::unexpected<base::Error> failure(sqlite3* database, int result) {
  const int system_error = database != nullptr ? sqlite3_system_errno(database) : 0;
  const std::string words = database != nullptr ? sqlite3_errmsg(database) : sqlite3_errstr(result);
  return base::fail(code_of(result, system_error), words);
}

// A path as SQLite's address of a file, which can say more than a path.
std::string address_of(const std::string& path, const char* query) {
  std::string address = "file:";
  for (const char letter : path) {
    constexpr const char* kDigits = "0123456789abcdef";
    const auto byte = static_cast<unsigned char>(letter);
    if (letter == '%' || letter == '?' || letter == '#')
      (address += '%').append({kDigits[byte >> 4], kDigits[byte & 15]});
    else
      address += letter;
  }
  return address + query;
}

}  // namespace

void Statement::Finalize::operator()(sqlite3_stmt* statement) const { sqlite3_finalize(statement); }
void Database::Close::operator()(sqlite3* database) const { sqlite3_close_v2(database); }

Statement& Statement::bind(int parameter, std::int64_t value) {
  if (const int result = sqlite3_bind_int64(statement_.get(), parameter, value); result != SQLITE_OK)
    bind_error_ = result;
  return *this;
}

Statement& Statement::bind_blob(int parameter, std::string_view bytes) {
  const int result = sqlite3_bind_blob64(statement_.get(), parameter, bytes.data(), bytes.size(), SQLITE_STATIC);
  if (result != SQLITE_OK) bind_error_ = result;
  return *this;
}

base::Result<bool> Statement::step() {
  sqlite3* const database = sqlite3_db_handle(statement_.get());
  if (bind_error_ != 0) return failure(database, bind_error_);
  const int result = sqlite3_step(statement_.get());
  if (result == SQLITE_ROW) return true;
  if (result == SQLITE_DONE) return false;
  return failure(database, result);
}

base::Status Statement::run() {
  base::Result<bool> row = true;
  while (row && *row) row = step();
  if (!row) return base::fail(row.error());
  return {};
}

std::int64_t Statement::number(int column) const { return sqlite3_column_int64(statement_.get(), column); }
bool Statement::is_null(int column) const { return sqlite3_column_type(statement_.get(), column) == SQLITE_NULL; }

std::string_view Statement::blob(int column) const {
  const auto* bytes = static_cast<const char*>(sqlite3_column_blob(statement_.get(), column));
  if (bytes == nullptr) return {};
  return {bytes, static_cast<std::size_t>(sqlite3_column_bytes(statement_.get(), column))};
}

base::Result<Database> Database::open_as(const std::string& name, int flags) {
  sqlite3* raw = nullptr;
  const int result = sqlite3_open_v2(name.c_str(), &raw, flags | SQLITE_OPEN_NOMUTEX | SQLITE_OPEN_URI, nullptr);
  Database database(raw);
  if (result != SQLITE_OK) return failure(raw, result);
  sqlite3_extended_result_codes(raw, 1);
  sqlite3_busy_timeout(raw, kBusyMilliseconds);
  return database;
}

base::Result<Database> Database::open(const std::string& path, Access access) {
  if (access == Access::read_write) return open_as(address_of(path, ""), SQLITE_OPEN_READWRITE | SQLITE_OPEN_CREATE);
  std::error_code error;
  if (!std::filesystem::exists(path, error)) {
    return base::fail(error ? base::error_from_errno(error.value(), "look for it")
                            : base::Error{base::Code::not_found, "there is no such file"});
  }
  auto database = open_as(address_of(path, ""), SQLITE_OPEN_READONLY);
  if (!database) return database;
  // The schema is read to see whether the log can be shared: not when nobody writes and the folder is not ours to make
  // the log's index in. The file then stands still and is read as it is.
  const auto tried = database->query_number("SELECT count(*) FROM sqlite_master");
  if (tried || std::filesystem::exists(path + "-wal", error)) return database;
  if (tried.error().code == base::Code::corrupt) return base::fail(tried.error());
  return open_as(address_of(path, "?immutable=1"), SQLITE_OPEN_READONLY);
}

base::Status Database::execute(const std::string& sql) {
  const int result = sqlite3_exec(database_.get(), sql.c_str(), nullptr, nullptr, nullptr);
  if (result != SQLITE_OK) return failure(database_.get(), result);
  return {};
}

base::Result<Statement> Database::prepare(std::string_view sql) {
  sqlite3_stmt* statement = nullptr;
  const int result = sqlite3_prepare_v2(database_.get(), sql.data(), static_cast<int>(sql.size()), &statement, nullptr);
  if (result != SQLITE_OK) return failure(database_.get(), result);
  return Statement(statement);
}

base::Result<std::int64_t> Database::query_number(std::string_view sql) {
  auto statement = prepare(sql);
  if (!statement) return base::fail(statement.error());
  const auto row = statement->step();
  if (!row) return base::fail(row.error());
  return *row ? statement->number(0) : 0;
}

bool Database::in_transaction() const { return sqlite3_get_autocommit(database_.get()) == 0; }
std::int64_t Database::last_id() const { return sqlite3_last_insert_rowid(database_.get()); }

}  // namespace guard::history
