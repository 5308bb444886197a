#include "chatcore/storage/postgres_link.h"

#include <algorithm>
#include <utility>

namespace chatcore::storage {

PostgresLink::PostgresLink(PostgresTarget target, std::span<const PostgresStatement> statements,
                           const base::Clock& clock, StoreCounters& counters)
    : target_(std::move(target)), statements_(statements), clock_(clock), counters_(counters) {}

PostgresLink::~PostgresLink() { drop(); }

base::Status PostgresLink::open() { return connect(); }

base::Status PostgresLink::connect() {
  auto opened = PostgresConnection::open(target_.url, target_.times);
  if (!opened) return base::fail(opened.error());
  if (auto prepared = opened->prepare(statements_); !prepared) return prepared;
  connection_.emplace(*std::move(opened));
  counters_.connected();
  return {};
}

void PostgresLink::drop() {
  if (!connection_) return;
  connection_.reset();
  --counters_.connections_open;
}

bool PostgresLink::drop_after(const base::Error& error) {
  if (error.code != base::Code::unavailable && error.code != base::Code::deadline_exceeded) return false;
  drop();
  return true;
}

base::Result<PostgresConnection*> PostgresLink::connection() {
  if (connection_ && connection_->is_open()) return &*connection_;
  drop();
  if (clock_.steady_now() < next_attempt_) return base::fail(base::Code::unavailable, "the database cannot be reached");
  if (auto connected = connect(); !connected) {
    plan_next_attempt();
    return base::fail(base::Code::unavailable, connected.error().message);
  }
  pause_ = base::Duration{0};
  return &*connection_;
}

void PostgresLink::plan_next_attempt() {
  pause_ = std::clamp(pause_ * 2, target_.pauses.first, target_.pauses.longest);
  std::uniform_real_distribution<double> part(0.5, 1.0);
  next_attempt_ = clock_.steady_now() + std::chrono::duration_cast<base::SteadyTime::duration>(pause_ * part(random_));
}

}  // namespace chatcore::storage
