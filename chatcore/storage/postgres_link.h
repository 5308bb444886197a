#pragma once
// A connection that is made again when it was lost: at once the first time, then with growing, jittered pauses, so
// that a database that comes back is not met by all instances in the same moment. In a pause calls fail at once.

#include <memory>
#include <optional>
#include <random>
#include <span>
#include <string>
#include <vector>

#include "base/clock.h"
#include "base/result.h"
#include "base/units.h"
#include "chatcore/storage/postgres_connection.h"
#include "chatcore/storage/store_counters.h"

namespace chatcore::storage {

// The longest pause bounds how long after the database is back a call may still fail.
struct ReconnectPauses {
  base::Duration first = std::chrono::milliseconds(100);
  base::Duration longest = std::chrono::milliseconds(1000);
};

struct PostgresTarget {
  std::string url;
  PostgresTimes times = {};
  ReconnectPauses pauses = {};
};

// Use from one thread at a time. Clock and counters must outlive it.
class PostgresLink {
 public:
  PostgresLink(PostgresTarget target, std::span<const PostgresStatement> statements, const base::Clock& clock,
               StoreCounters& counters);
  ~PostgresLink();
  PostgresLink(const PostgresLink&) = delete;
  PostgresLink& operator=(const PostgresLink&) = delete;

  // The first connection: its error is told as it is.
  base::Status open();
  // The connection, made again when it is known to be lost. Every failure is unavailable.
  base::Result<PostgresConnection*> connection();
  // After an error of the connection's: whether that was it, and the connection has been given up. After unavailable
  // another connection may do better: to a server that is not a standby, for one.
  bool drop_after(const base::Error& error);

 private:
  base::Status connect();
  void drop();
  void plan_next_attempt();

  const PostgresTarget target_;
  const std::span<const PostgresStatement> statements_;
  const base::Clock& clock_;
  StoreCounters& counters_;
  std::optional<PostgresConnection> connection_;
  base::Duration pause_{0};
  base::SteadyTime next_attempt_{};
  std::mt19937 random_{std::random_device{}()};
};

}  // namespace chatcore::storage
