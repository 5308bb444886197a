#pragma once
// What every store promises is asked of each kind of database with the same tests: TEST_P(StoreContract, …). This
// folder's program asks SQLite; tests/integration/storage compiles the same files into one that asks a real PostgreSQL.

#include <cstdlib>
#include <memory>
#include <string>

#include <gtest/gtest.h>

#include "base/clock.h"
#include "chatcore/storage/postgres_connection.h"
#include "chatcore/storage/store.h"
#include "tests/chatcore/storage/asking.h"

#ifndef CONTRACT_DATABASE
#define CONTRACT_DATABASE "SQLite"
#endif

namespace chatcore::storage {

inline const ConversationKey kKey{"user", "conversation"};

// The server that the test was started with; its tables are dropped before each test.
inline std::string postgres_url() {
  const char* url = std::getenv("CHATCORE_TEST_POSTGRES_URL");
  if (url == nullptr) ADD_FAILURE() << "CHATCORE_TEST_POSTGRES_URL must name a PostgreSQL database for the test";
  return url == nullptr ? "postgresql://nobody@127.0.0.1:1/none" : url;
}

inline void empty_postgres() {
  auto connection = PostgresConnection::open(postgres_url(), {});
  ASSERT_TRUE(connection) << connection.error().message;
  const auto dropped = connection->execute("DROP SCHEMA IF EXISTS chatcore CASCADE");
  ASSERT_TRUE(dropped) << dropped.error().message;
}

struct StoreContract : testing::TestWithParam<const char*> {
  void SetUp() override {
    if (url.starts_with("postgresql")) {
      ASSERT_NO_FATAL_FAILURE(empty_postgres());
    }
    store = open();
    ASSERT_NE(store, nullptr);
  }

  // Once more: another process's store of the same database.
  std::unique_ptr<Store> open() {
    auto opened = open_store(url, clock);
    if (!opened) ADD_FAILURE() << opened.error().message;
    return opened ? *std::move(opened) : nullptr;
  }

  const base::TemporaryFolder folder;
  const std::string url = GetParam() == std::string("SQLite") ? sqlite_url(folder, "chatcore.db") : postgres_url();
  base::ManualClock clock;
  std::unique_ptr<Store> store;
};

inline std::string name_of_database(const testing::TestParamInfo<const char*>& info) { return info.param; }

}  // namespace chatcore::storage
