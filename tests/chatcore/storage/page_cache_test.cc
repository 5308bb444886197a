#include <algorithm>
#include <filesystem>
#include <string>
#include <vector>

#include <fcntl.h>
#include <sys/mman.h>
#include <sys/vfs.h>
#include <unistd.h>

#include <gtest/gtest.h>

#include "chatcore/storage/sqlite_store.h"
#include "tests/chatcore/storage/asking.h"

namespace chatcore::storage {
namespace {

// Pages of the file that the kernel holds in its page cache.
std::size_t cached_pages(const std::filesystem::path& file) {
  const auto page = static_cast<std::size_t>(::sysconf(_SC_PAGESIZE));
  const std::size_t size = std::filesystem::file_size(file);
  const int fd = ::open(file.c_str(), O_RDONLY | O_CLOEXEC);
  void* const mapped = ::mmap(nullptr, size, PROT_READ, MAP_SHARED, fd, 0);
  std::vector<unsigned char> held((size + page - 1) / page);
  EXPECT_EQ(::mincore(mapped, size, held.data()), 0);
  ::munmap(mapped, size);
  ::close(fd);
  return static_cast<std::size_t>(std::ranges::count_if(held, [](unsigned char bits) { return (bits & 1) != 0; }));
}

bool is_memory_only(const std::filesystem::path& folder) {
  constexpr long kTmpfsMagic = 0x01021994;
  struct statfs status = {};
  return ::statfs(folder.c_str(), &status) == 0 && status.f_type == kTmpfsMagic;
}

TEST(PageCache, IsDroppedForWhatHasReachedTheDatabaseFile) {
  std::string folder = testing::TempDir() + "page-cache-XXXXXX";
  ASSERT_NE(::mkdtemp(folder.data()), nullptr);
  if (is_memory_only(folder)) GTEST_SKIP() << "a file system in memory has nothing else to keep its pages in";
  const auto file = std::filesystem::path(folder) / "chat.db";
  const base::SystemClock clock;
  // One reader: what is asked after the drop is answered after it.
  auto store = SqliteStore::open({.path = file, .remove_on_close = folder, .readers = 1}, clock);
  ASSERT_TRUE(store) << store.error().message;
  for (std::int64_t sequence = 0; sequence < 300; ++sequence) {
    Message message;
    message.content.assign(24'000, 'x');
    ASSERT_TRUE(append(**store, {"", "c"}, std::move(message), sequence));
  }
  const std::size_t before = cached_pages(file);
  (*store)->drop_page_cache();
  ASSERT_TRUE(list(**store, "", 1));
  const std::size_t after = cached_pages(file);
  EXPECT_GT(before, 500U);
  EXPECT_LT(after, before / 4);
}

}  // namespace
}  // namespace chatcore::storage
