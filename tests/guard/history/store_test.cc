#include "guard/history/store.h"

#include <csignal>
#include <filesystem>

#include <sys/resource.h>

#include <gtest/gtest.h>

#include "tests/guard/history/scene.h"

namespace guard::history {
namespace {

Row row_of(std::size_t bytes) {
  Row row;
  row.since = row.until = kBegin;
  row.ticks = row.samples = 1;
  row.data = std::string(bytes, 'x');
  return row;
}

// No file of this process grows past so many bytes, as on a full disk; over with it.
class FullDisk {
 public:
  explicit FullDisk(rlim_t bytes) : handler_(std::signal(SIGXFSZ, SIG_IGN)) {
    getrlimit(RLIMIT_FSIZE, &before_);
    const rlimit limit{bytes, before_.rlim_max};
    setrlimit(RLIMIT_FSIZE, &limit);
  }
  ~FullDisk() {
    setrlimit(RLIMIT_FSIZE, &before_);
    std::signal(SIGXFSZ, handler_);
  }
  FullDisk(const FullDisk&) = delete;
  FullDisk& operator=(const FullDisk&) = delete;

 private:
  rlimit before_{};
  void (*handler_)(int);
};

// A file that has most of its pages free, the used ones at its end.
void make_wide(const std::string& path) {
  auto store = Store::open(path, {.max_size = base::mebibytes(64), .keep = 24h});
  ASSERT_TRUE(store);
  std::vector<Row> rows(100, row_of(32 << 10));
  ASSERT_TRUE(store->write(rows, kBegin));
  auto database = Database::open(path, Access::read_write);
  ASSERT_TRUE(database);
  ASSERT_TRUE(database->execute("DELETE FROM blocks WHERE id <= 85"));
  ASSERT_TRUE(database->query_number("PRAGMA wal_checkpoint(TRUNCATE)"));
}

TEST(Store, HasWrittenEvenWhenItCannotGiveRoomBack) {
  const base::TemporaryFolder folder;
  const std::string path = folder.at("history.db");
  ASSERT_NO_FATAL_FAILURE(make_wide(path));
  const auto wide = std::filesystem::file_size(path);
  auto store = Store::open(path, {.max_size = base::mebibytes(1), .keep = 24h});
  ASSERT_TRUE(store);
  std::vector<Row> rows = {row_of(100)};
  {
    const FullDisk full(100 << 10);
    for (int i = 0; i < 2; ++i) {
      const auto written = store->write(rows, kBegin);
      EXPECT_TRUE(written) << written.error().message;
      EXPECT_TRUE(rows.front().id);
    }
    auto database = Database::open(path, Access::read_only);
    ASSERT_TRUE(database);
    EXPECT_EQ(database->query_number("SELECT count(*) FROM blocks"), 16) << "one more, whose row was replaced";
    EXPECT_GT(*database->query_number("PRAGMA freelist_count"), 500) << "nothing was given back";
  }
  ASSERT_TRUE(store->write(rows, kBegin));
  auto database = Database::open(path, Access::read_write);
  ASSERT_TRUE(database && database->query_number("PRAGMA wal_checkpoint(TRUNCATE)"));
  EXPECT_LT(std::filesystem::file_size(path), wide / 2);
}

}  // namespace
}  // namespace guard::history
