#include "chatcore/metrics.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace chatcore {
namespace {

using testing::HasSubstr;
using testing::Not;
using namespace std::chrono_literals;

TEST(Metrics, CountersThatAlertsWatchAreThereBeforeTheirFirstEvent) {
  const std::string page = Metrics("1.0", "abc").render({});
  for (const char* line :
       {"chatcore_streams_cancelled_total 0\n", "chatcore_requests_shed_total{reason=\"memory\"} 0\n",
        "chatcore_requests_shed_total{reason=\"too_many_streams\"} 0\n", "chatcore_evictions_total{reason=\"ttl\"} 0\n",
        "chatcore_sweeps_total 0\n", "chatcore_backend_requests_total{result=\"ok\"} 0\n",
        "chatcore_requests_in_flight 0\n"}) {
    EXPECT_THAT(page, HasSubstr(line));
  }
}

TEST(Metrics, ARequestIsInFlightUntilItEnds) {
  Metrics metrics("1.0", "abc");
  metrics.request_began();
  EXPECT_THAT(metrics.render({}), HasSubstr("chatcore_requests_in_flight 1\n"));
  metrics.request_ended("/x", 200, 2ms);
  const std::string page = metrics.render({});
  EXPECT_THAT(page, HasSubstr("chatcore_requests_in_flight 0\n"));
  EXPECT_THAT(page, HasSubstr("chatcore_requests_total{code=\"200\",route=\"/x\"} 1\n"));
  EXPECT_THAT(page, HasSubstr("chatcore_request_duration_seconds_bucket{route=\"/x\",le=\"0.001\"} 0\n"));
  EXPECT_THAT(page, HasSubstr("chatcore_request_duration_seconds_bucket{route=\"/x\",le=\"0.005\"} 1\n"));
}

TEST(Metrics, ReadingsAreRenderedByKind) {
  Readings readings;
  readings.conversations = {.conversations = 3,
                            .bytes = {4096},
                            .budget = base::Bytes::unlimited(),
                            .evicted = {1, 2, 3, 4},
                            .messages_trimmed = 5};
  readings.storage.connections_open = 3;
  readings.storage.connections_busy = 1;
  readings.sweeps = 2;
  readings.last_sweep = base::WallTime(1700000000s);
  readings.process.resident = base::mebibytes(1);
  const std::string page = Metrics("1.0", "abc").render(readings);
  for (const char* line :
       {"chatcore_conversations 3\n", "chatcore_conversations_bytes 4096\n", "chatcore_memory_budget_bytes +Inf\n",
        "chatcore_evictions_total{reason=\"ttl\"} 1\n", "chatcore_evictions_total{reason=\"deleted\"} 4\n",
        "chatcore_messages_trimmed_total 5\n", "chatcore_database_connections{state=\"busy\"} 1\n",
        "chatcore_database_connections{state=\"idle\"} 2\n", "chatcore_sweep_last_timestamp_seconds 1700000000\n",
        "process_resident_memory_bytes 1048576\n"}) {
    EXPECT_THAT(page, HasSubstr(line));
  }
}

TEST(Metrics, WhatIsAbsentIsLeftOutAndNotZero) {
  const std::string page = Metrics("1.0", "abc").render({});
  EXPECT_THAT(page, Not(HasSubstr("process_resident_memory_bytes")));
  EXPECT_THAT(page, Not(HasSubstr("chatcore_sweep_last_timestamp_seconds")));
}

}  // namespace
}  // namespace chatcore
