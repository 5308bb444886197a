#pragma once
// PostgreSQL behind a small face: a connection that sends many statements in one round trip (libpq's pipeline) and
// never waits for ever, and libpq's and the server's errors translated. libpq-fe.h is met in postgres_connection.cc
// alone.

#include <array>
#include <cstdint>
#include <memory>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "base/clock.h"
#include "base/result.h"

struct pg_conn;
struct pg_result;

namespace chatcore::storage {

// How long anything may take that the database does, so that a server that stands still is noticed while the client
// that waits for its answer is still there.
struct PostgresTimes {
  // libpq waits two seconds at least.
  int connect_seconds = 2;
  // The server gives up first: then it is certain that nothing was stored.
  int lock_milliseconds = 2000;
  int statement_milliseconds = 4000;
  // Not a byte moved for so long: the connection is given up, what became of its statements is unknown.
  int silence_milliseconds = 5000;
};

// A prepared statement's name and text. The text is a constant of the program.
struct PostgresStatement {
  const char* name;
  const char* text;
};

// One execution of a prepared statement. Texts are borrowed until it has been run.
class PostgresCall {
 public:
  explicit PostgresCall(const PostgresStatement& statement) : statement_(&statement) {}
  PostgresCall& bind(std::int64_t value);
  PostgresCall& bind(std::string_view text);

 private:
  friend class PostgresConnection;
  struct Parameter {
    const char* text = nullptr;  // null: the number
    std::size_t size = 0;
    std::array<char, 8> number{};  // as it goes over the wire
  };
  const PostgresStatement* statement_;
  std::vector<Parameter> parameters_;
};

// The rows of one call. Columns are bigint, boolean (1, 0), text.
class PostgresRows {
 public:
  [[nodiscard]] int size() const;
  [[nodiscard]] bool empty() const { return size() == 0; }
  [[nodiscard]] std::int64_t number(int row, int column) const;
  [[nodiscard]] std::string text(int row, int column) const;

 private:
  friend class PostgresConnection;
  struct Clear {
    void operator()(pg_result* result) const;
  };
  explicit PostgresRows(pg_result* result) : result_(result) {}
  std::unique_ptr<pg_result, Clear> result_;
};

// Use from one thread at a time; every call blocks, within its bounds.
class PostgresConnection {
 public:
  // Connects and sets what every connection of a store needs. The URL's own words win over the bounds given here.
  // Errors: invalid_argument (no URL libpq understands), permission_denied (who, or what, may not), unavailable.
  // No error text has the URL in it, which may hold a password.
  static base::Result<PostgresConnection> open(const std::string& url, const PostgresTimes& times);

  // One or more statements without parameters whose rows do not matter.
  base::Status execute(const std::string& sql);
  // The first column of the first row, which must be bigint; 0 when there is no row.
  base::Result<std::int64_t> query_number(const std::string& sql);
  base::Status prepare(std::span<const PostgresStatement> statements);

  // Runs the calls in order, in one round trip, and returns the rows of each. The first error ends the batch; none of
  // it stays when it stood between begin and commit. After an error `is_open` says whether the connection can be used
  // again; when it cannot, whether a commit took place is unknown. deadline_exceeded: it stood still for too long.
  base::Result<std::vector<PostgresRows>> run(std::span<const PostgresCall> calls);

  // After an error of run(): whether the same calls may go well at once, see is_lost_race().
  [[nodiscard]] bool has_lost_race() const { return has_lost_race_; }

  // False once the connection is known to be lost. Looks at the socket without waiting, so that a database that was
  // restarted meanwhile is noticed before anything is sent to it.
  [[nodiscard]] bool is_open();

 private:
  struct Finish {
    void operator()(pg_conn* connection) const;
  };
  PostgresConnection(pg_conn* connection, int silence_milliseconds)
      : connection_(connection), silence_milliseconds_(silence_milliseconds) {}

  base::Status settle();
  base::Status send(const PostgresCall& call);
  base::Status flush();
  base::Result<PostgresRows> next_result();
  base::Status wait(bool for_writing);
  base::Status end_pipeline(std::size_t results_due);
  base::Error lost(std::string_view what);

  std::unique_ptr<pg_conn, Finish> connection_;
  int silence_milliseconds_;
  bool has_lost_race_ = false;
};

}  // namespace chatcore::storage
