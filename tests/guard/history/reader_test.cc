#include "guard/history/reader.h"

#include <gtest/gtest.h>

#include "guard/history/sqlite.h"
#include "tests/guard/history/scene.h"

namespace guard::history {
namespace {

TEST(DamagedBlock, CostsOnlyWhatIsInIt) {
  Scene scene;
  scene.tick(180);
  ASSERT_TRUE(scene.recording->write());
  auto database = Database::open(scene.path(), Access::read_write);
  ASSERT_TRUE(database);
  ASSERT_TRUE(database->execute("UPDATE blocks SET data = x'00' WHERE resolution = 0 AND id = 1"));
  EXPECT_EQ(scene.read({.resolution = Resolution::raw}).size(), 120u);
  auto reader = Reader::open(scene.path());
  ASSERT_TRUE(reader && reader->seek({.resolution = Resolution::raw}));
  EXPECT_EQ(reader->passed_over(), 0u);
  for (auto moment = reader->next(); moment && *moment; moment = reader->next()) continue;
  EXPECT_EQ(reader->passed_over(), 1u);
  EXPECT_EQ(damage_told(reader->passed_over()), "1 block was damaged and passed over");
  EXPECT_EQ(damage_told(2), "2 blocks were damaged and passed over");
  EXPECT_EQ(damage_told(0), "");
}

}  // namespace
}  // namespace guard::history
