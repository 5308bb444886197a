#pragma once
// A store on a real PostgreSQL whose tables are dropped before each test, and a second program beside it.

#include <functional>
#include <future>
#include <memory>
#include <string>
#include <utility>

#include <gtest/gtest.h>

#include "base/clock.h"
#include "chatcore/storage/postgres_connection.h"
#include "chatcore/storage/postgres_store.h"
#include "tests/chatcore/storage/contract.h"

namespace chatcore::storage {

struct PostgresStoreTest : testing::Test {
  void SetUp() override { ASSERT_NO_FATAL_FAILURE(empty_postgres()); }

  std::unique_ptr<Store> open(PostgresOptions options = {}) {
    options.target.url = postgres_url();
    auto opened = PostgresStore::open(options, clock);
    if (!opened) ADD_FAILURE() << opened.error().message;
    return opened ? *std::move(opened) : nullptr;
  }
  base::Error error_of(const std::string& url, bool may_migrate = true) {
    auto opened = open_store(url, clock, may_migrate);
    EXPECT_FALSE(opened) << url;
    return opened ? base::Error() : opened.error();
  }
  // Runs `sql` as another program would.
  void change(const std::string& sql) {
    auto connection = PostgresConnection::open(postgres_url(), {});
    ASSERT_TRUE(connection) << connection.error().message;
    const auto done = connection->execute(sql);
    ASSERT_TRUE(done) << done.error().message;
  }

  const base::SystemClock clock{};
};

// Keeps the thread that writes in a callback until `release`.
inline void hold_writer(Store& store, std::shared_future<void> release) {
  std::promise<void> held;
  store.append({.key = {"", "holding"}, .message = {.content = "?"}}, [&held, release](base::Result<std::int64_t>) {
    held.set_value();
    release.wait();
  });
  held.get_future().wait();
}

}  // namespace chatcore::storage
