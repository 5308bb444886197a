// On files in the place of the kernel's: what is written where, and when it is refused. tests/vm has the kernel itself.

#include "guard/action/memory_approach.h"

#include <filesystem>
#include <fstream>
#include <iterator>
#include <string>

#include <stdlib.h>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace guard::action {
namespace {

using base::mebibytes;
using std::chrono::milliseconds;
using testing::HasSubstr;

class MemoryApproach : public testing::Test {
 protected:
  MemoryApproach() {
    std::string pattern = (std::filesystem::temp_directory_path() / "leakguard-test-XXXXXX").string();
    cgroup.memory.path = ::mkdtemp(pattern.data());
    cgroup.memory.version = 2;
    write("memory.high", "max\n");
  }
  ~MemoryApproach() override { std::filesystem::remove_all(cgroup.memory.path); }
  void use(std::int64_t current, std::int64_t cache) {
    write("memory.current", std::to_string(current << 20) + "\n");
    write("memory.stat", "anon 1\nactive_file " + std::to_string(cache << 20) + "\ninactive_file 0\n");
  }
  void write(const std::string& name, const std::string& text) {
    std::ofstream(cgroup.memory.path + "/" + name) << text;
  }
  std::string read(const std::string& name) {
    std::ifstream file(cgroup.memory.path + "/" + name);
    return {std::istreambuf_iterator<char>(file), {}};
  }
  sample::Cgroup cgroup;
};

TEST_F(MemoryApproach, LetsACapPassThatIsNotBelowWhatIsCharged) {
  use(100, 0);
  EXPECT_TRUE(approach_memory_cap(cgroup, mebibytes(100), milliseconds(0)));
  EXPECT_EQ(read("memory.high"), "max\n");
}

TEST_F(MemoryApproach, RefusesACapBelowWhatIsInUseWithBothNumbers) {
  use(180, 0);
  const auto status = approach_memory_cap(cgroup, mebibytes(100), milliseconds(0));
  ASSERT_FALSE(status);
  EXPECT_TRUE(status.error().is_permanent);
  EXPECT_THAT(status.error().message, HasSubstr("memory cap 100 MiB is below the 180 MiB in use"));
  EXPECT_THAT(status.error().message, HasSubstr("caps.force: true"));
}

TEST_F(MemoryApproach, LetsACapPassAboveWhichThereIsPageCacheOnly) {
  use(180, 80);
  EXPECT_TRUE(approach_memory_cap(cgroup, mebibytes(100), milliseconds(0)));
  use(180, 79);
  EXPECT_FALSE(approach_memory_cap(cgroup, mebibytes(100), milliseconds(0)));
}

TEST_F(MemoryApproach, AsksTheKernelToTakeBackInSteps) {
  use(180, 0);
  write("memory.reclaim", "");
  EXPECT_FALSE(approach_memory_cap(cgroup, mebibytes(100), milliseconds(1)));
  EXPECT_THAT(read("memory.reclaim"), HasSubstr(std::to_string(16 << 20)));
  EXPECT_EQ(read("memory.high"), "max\n");
}

TEST_F(MemoryApproach, LowersMemoryHighWhereThereIsNoReclaimAndPutsItBack) {
  use(180, 0);
  EXPECT_FALSE(approach_memory_cap(cgroup, mebibytes(100), milliseconds(1)));
  EXPECT_THAT(read("memory.high"), testing::StartsWith("max"));
}

TEST_F(MemoryApproach, OfACgroupThatIsGoneIsNotFound) {
  EXPECT_EQ(approach_memory_cap(cgroup, mebibytes(100), milliseconds(0)).error().code, base::Code::not_found);
}

TEST_F(MemoryApproach, LeavesV1ToTheKernelWhichRefusesItself) {
  use(180, 0);
  cgroup.memory.version = 1;
  EXPECT_TRUE(approach_memory_cap(cgroup, mebibytes(100), milliseconds(0)));
}

TEST(FitsMemoryCap, GoesByWhatCannotBeTakenBack) {
  sample::Memory memory;
  memory.usage = mebibytes(500);
  memory.inactive_file = mebibytes(300);
  EXPECT_TRUE(fits_memory_cap(memory, mebibytes(200)));
  EXPECT_FALSE(fits_memory_cap(memory, mebibytes(199)));
  memory.anon = mebibytes(90);
  memory.shmem = mebibytes(10);
  EXPECT_TRUE(fits_memory_cap(memory, mebibytes(100)));
  EXPECT_FALSE(fits_memory_cap(memory, mebibytes(99)));
}

TEST(FitsMemoryCap, RefusesWhenNobodyTellsWhatIsInUse) {
  const auto status = fits_memory_cap({}, mebibytes(100));
  ASSERT_FALSE(status);
  EXPECT_FALSE(status.error().is_permanent) << "the next answer may tell";
}

}  // namespace
}  // namespace guard::action
