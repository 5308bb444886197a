#pragma once
// SQLite behind a small face: a connection, a prepared statement, and SQLite's error codes translated. sqlite3.h is
// met in sqlite_connection.cc alone.

#include <cstdint>
#include <memory>
#include <string>
#include <string_view>

#include "base/result.h"

struct sqlite3;
struct sqlite3_stmt;

namespace chatcore::storage {

enum class Access { read_write, read_only };

class SqliteStatement;

// Use from one thread at a time. Statements must be gone before their connection.
class SqliteConnection {
 public:
  // Opens and sets what every connection of a store needs: write-ahead log, a full sync with every commit, foreign
  // keys, a bounded wait for locks and a bounded cache. read_write creates the file; read_only never writes.
  // Errors: permission_denied, corrupt (not a database), unavailable.
  static base::Result<SqliteConnection> open(const std::string& path, Access access);

  // One or more statements that give no rows.
  base::Status execute(const char* sql);
  base::Result<SqliteStatement> prepare(std::string_view sql);
  // The first column of the first row, for pragmas and counts; 0 when there is no row.
  base::Result<std::int64_t> query_number(std::string_view sql);
  // False when SQLite has ended a transaction by itself, as it does after some errors.
  [[nodiscard]] bool in_transaction() const;
  // Whether the file is still the one that was opened. SQLite itself goes on with one that was deleted, moved away or
  // replaced, and all that it stores then is gone with the process. Costs one look at the file's name.
  // Errors: unavailable, until that file is back under its name.
  [[nodiscard]] base::Status check_file() const;
  // Whether the disk has room for some messages. A full one may still take a page of the log that is written anew, so a
  // write that succeeds does not tell. Errors: exhausted.
  [[nodiscard]] base::Status check_room() const;

 private:
  struct Close {
    void operator()(sqlite3* database) const;
  };
  explicit SqliteConnection(sqlite3* database) : database_(database) {}
  std::unique_ptr<sqlite3, Close> database_;
};

// A prepared statement, kept and used again: bind all parameters, step until there is no row, reset.
class SqliteStatement {
 public:
  // Parameters count from 1. The text is copied.
  SqliteStatement& bind(int parameter, std::int64_t value);
  SqliteStatement& bind(int parameter, std::string_view text);

  // True: there is a row to read. False: the statement is done. A failed bind is reported here.
  base::Result<bool> step();
  // Steps to the end, ignoring rows, and resets.
  base::Status run();
  // Ends the reading (and its lock) and makes the statement ready to be bound again.
  void reset();

  // Columns of the present row count from 0.
  [[nodiscard]] std::int64_t number(int column) const;
  [[nodiscard]] std::string text(int column) const;

 private:
  friend class SqliteConnection;
  struct Finalize {
    void operator()(sqlite3_stmt* statement) const;
  };
  explicit SqliteStatement(sqlite3_stmt* statement) : statement_(statement) {}
  std::unique_ptr<sqlite3_stmt, Finalize> statement_;
  int bind_error_ = 0;
};

}  // namespace chatcore::storage
