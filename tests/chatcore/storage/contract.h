#pragma once
// What every store promises is asked of each kind of database with the same tests: TEST_P(StoreContract, …).

#include <memory>
#include <string>

#include <gtest/gtest.h>

#include "base/clock.h"
#include "chatcore/storage/store.h"
#include "tests/chatcore/storage/asking.h"

namespace chatcore::storage {

inline const ConversationKey kKey{"user", "conversation"};

struct StoreContract : testing::TestWithParam<const char*> {
  void SetUp() override { store = open(); }

  // Once more: another process's store of the same database.
  std::unique_ptr<Store> open() {
    auto opened = open_store(folder.url("chatcore.db"), clock);
    if (!opened) ADD_FAILURE() << opened.error().message;
    return opened ? *std::move(opened) : nullptr;
  }

  const TemporaryFolder folder;
  base::ManualClock clock;
  std::unique_ptr<Store> store;
};

inline std::string name_of_database(const testing::TestParamInfo<const char*>& info) { return info.param; }

}  // namespace chatcore::storage
