#pragma once
// A wrapper of SQLite: connection, prepared statement, and translated errors. sqlite3.h is included in sqlite.cc only.
// Private to this folder.

#include <cstdint>
#include <memory>
#include <string>
#include <string_view>

#include "base/result.h"

struct sqlite3;
struct sqlite3_stmt;

namespace guard::history {

// Maximum wait for a lock of another process; samples wait in a bounded queue meanwhile.
inline constexpr int kBusyMilliseconds = 1000;

enum class Access { read_write, read_only };

// A statement being run: bind all parameters, step until there is no row. Must be gone before its connection.
class Statement {
 public:
  // Parameters count from 1. The blob is not copied: it must outlive the statement.
  Statement& bind(int parameter, std::int64_t value);
  Statement& bind_blob(int parameter, std::string_view bytes);
  // True: there is a row to read. False: the statement is done. A failed bind is told here.
  base::Result<bool> step();
  // Steps to the end.
  base::Status run();
  // Columns of the present row count from 0. The bytes live until the next step.
  [[nodiscard]] std::int64_t number(int column) const;
  [[nodiscard]] bool is_null(int column) const;
  [[nodiscard]] std::string_view blob(int column) const;

 private:
  friend class Database;
  struct Finalize {
    void operator()(sqlite3_stmt* statement) const;
  };
  explicit Statement(sqlite3_stmt* statement) : statement_(statement) {}
  std::unique_ptr<sqlite3_stmt, Finalize> statement_;
  int bind_error_ = 0;
};

// Use from one thread at a time.
class Database {
 public:
  // read_write makes the file when it is not there; read_only writes nothing, and reads a file whose folder it may not
  // write into as well. Errors: not_found, permission_denied, corrupt (no database), unavailable (locked, or the disk
  // fails), exhausted (disk full).
  static base::Result<Database> open(const std::string& path, Access access);

  base::Status execute(const std::string& sql);  // statements that give no rows
  base::Result<Statement> prepare(std::string_view sql);
  base::Result<std::int64_t> query_number(std::string_view sql);  // first column of the first row; 0 without a row
  [[nodiscard]] bool in_transaction() const;
  [[nodiscard]] std::int64_t last_id() const;  // of the row inserted last

 private:
  struct Close {
    void operator()(sqlite3* database) const;
  };
  explicit Database(sqlite3* database) : database_(database) {}
  static base::Result<Database> open_as(const std::string& name, int flags);
  std::unique_ptr<sqlite3, Close> database_;
};

}  // namespace guard::history
