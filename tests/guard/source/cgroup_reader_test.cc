#include <cerrno>
#include <limits>
#include <string>

#include <sys/resource.h>
#include <sys/stat.h>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "guard/source/cgroup/reader.h"
#include "guard/source/cgroup/tree.h"
#include "tests/base/temporary_folder.h"

namespace guard::source {
namespace {

using base::Bytes;
using base::Cores;
using base::Duration;
using testing::HasSubstr;

const std::string kHybrid = FIXTURES "/cgroup_hybrid";
const std::string kV2 = FIXTURES "/cgroup_v2";
const std::string kV1InContainer = FIXTURES "/cgroup_v1";

struct Found {
  CgroupTree tree;
  sample::Cgroup cgroup;
  explicit Found(const std::string& root, const SmallFiles& files = SmallFiles::system())
      : tree(root, files), cgroup(tree.of_pid(4242).value_or(sample::Cgroup{})) {}
};

TEST(CgroupRead, TranslatesEveryFieldOfV1) {
  const Found found(kHybrid);
  const auto resources = found.tree.read(found.cgroup);
  const auto& memory = resources.memory;
  EXPECT_EQ(memory.usage, Bytes{66412544});
  EXPECT_EQ(memory.anon, Bytes{53182464});
  EXPECT_EQ(memory.file, Bytes{12582912});
  EXPECT_EQ(memory.inactive_file, Bytes{6291456});
  EXPECT_EQ(memory.shmem, Bytes{4194304});
  EXPECT_FALSE(memory.kernel) << "what of it can be reclaimed is not told";
  EXPECT_EQ(memory.limit, Bytes{734003200});
  EXPECT_EQ(memory.reservation, Bytes{536870912});
  EXPECT_EQ(memory.peak, Bytes{66416640});
  EXPECT_EQ(memory.oom_kills, std::uint64_t{0});
  EXPECT_FALSE(memory.high);
  EXPECT_EQ(resources.cpu.used, Duration(2489831910));
  EXPECT_EQ(resources.cpu.limit, Cores{0.8});
  EXPECT_EQ(resources.cpu.periods, std::uint64_t{34});
  EXPECT_EQ(resources.cpu.throttled_periods, std::uint64_t{30});
  EXPECT_EQ(resources.cpu.throttled, Duration(560417682));
  EXPECT_EQ(resources.pids.current, std::int64_t{1});
  EXPECT_EQ(resources.pids.limit, std::int64_t{512});
  EXPECT_EQ(resources.pressure.cpu.some, Duration(std::chrono::microseconds(568331)));
}

TEST(CgroupRead, TranslatesEveryFieldOfV2) {
  const Found found(kV2);
  const auto resources = found.tree.read(found.cgroup);
  const auto& memory = resources.memory;
  EXPECT_EQ(memory.usage, Bytes{66412544});
  EXPECT_EQ(memory.anon, Bytes{53182464});
  EXPECT_EQ(memory.file, Bytes{12582912});
  EXPECT_EQ(memory.inactive_file, Bytes{6291456});
  EXPECT_EQ(memory.shmem, Bytes{4194304});
  EXPECT_EQ(memory.kernel, Bytes{647168 - 229376});
  EXPECT_EQ(memory.limit, Bytes{734003200});
  EXPECT_EQ(memory.high, Bytes{671088640});
  EXPECT_EQ(memory.reservation, Bytes{536870912});
  EXPECT_EQ(memory.peak, Bytes{70000640});
  EXPECT_EQ(memory.oom_kills, std::uint64_t{2});
  EXPECT_EQ(resources.cpu.used, Duration(2489831000));
  EXPECT_EQ(resources.cpu.limit, Cores{0.8});
  EXPECT_EQ(resources.cpu.throttled, Duration(560417000));
  EXPECT_EQ(resources.pids.current, std::int64_t{2});
  EXPECT_EQ(resources.pids.limit, std::int64_t{512});
  EXPECT_EQ(resources.pressure.memory.full, Duration(0));
}

TEST(CgroupRead, TellsNoLimitFromALimit) {
  const Found found(kV1InContainer);
  const auto resources = found.tree.read(found.cgroup);
  EXPECT_EQ(resources.memory.limit, Bytes::unlimited());
  EXPECT_EQ(resources.memory.reservation, Bytes::unlimited());
  EXPECT_EQ(resources.cpu.limit, Cores::unlimited());
  EXPECT_EQ(resources.pids.limit, std::numeric_limits<std::int64_t>::max());
}

TEST(CgroupRead, SaysWhichControllerIsMissing) {
  const Found found(kV1InContainer);
  const auto resources = found.tree.read(found.cgroup);
  EXPECT_EQ(resources.pressure.memory.some.reason(), "no pressure controller");
  EXPECT_THAT(resources.memory.kernel.reason(), HasSubstr("cgroup v1 does not tell"));
}

// A unit in a slice of its own, where no unit has a CPU limit yet.
TEST(CgroupRead, HasNoLimitOfAControllerThatACgroupOfV2IsWithout) {
  Found found(kV2);
  found.cgroup.cpu = {};
  EXPECT_EQ(found.tree.read_caps(found.cgroup).cpus, Cores::unlimited());
  found.cgroup.pids = {};
  EXPECT_EQ(found.tree.read_caps(found.cgroup).pids, std::numeric_limits<std::int64_t>::max());
}

TEST(CgroupRead, DoesNotKnowTheLimitOfAControllerThatACgroupOfV1IsWithout) {
  Found found(kV1InContainer);
  found.cgroup.cpu = {};
  EXPECT_FALSE(found.tree.read_caps(found.cgroup).cpus);
}

TEST(CgroupRead, DoesNotKnowTheLimitOfAMissingControllerOnceTheCgroupIsGone) {
  Found found(kV2);
  found.cgroup.cpu = {};
  ++found.cgroup.inode;
  EXPECT_TRUE(found.tree.read_caps(found.cgroup).empty());
}

TEST(CgroupRead, IsAbsentOnceTheCgroupIsGone) {
  Found found(kV2);
  for (auto* folder : {&found.cgroup.memory, &found.cgroup.cpu, &found.cgroup.cpuacct, &found.cgroup.pids}) {
    folder->path += "-gone";
  }
  const auto resources = found.tree.read(found.cgroup);
  EXPECT_EQ(resources.memory.usage.reason(), "the cgroup is gone");
  EXPECT_EQ(resources.cpu.used.reason(), "the cgroup is gone");
  EXPECT_EQ(resources.pids.current.reason(), "the cgroup is gone");
}

TEST(CgroupRead, IsAbsentWhenAnotherCgroupHasTakenTheName) {
  Found found(kV2);
  ++found.cgroup.inode;
  const auto resources = found.tree.read(found.cgroup);
  EXPECT_EQ(resources.memory.usage.reason(), "another cgroup has taken its name");
  EXPECT_EQ(resources.pressure.io.some.reason(), "another cgroup has taken its name");
  EXPECT_TRUE(found.tree.read_caps(found.cgroup).empty());
}

TEST(CgroupReadCaps, AreTheLimitsAmongTheReadings) {
  for (const std::string& root : {kHybrid, kV2, kV1InContainer}) {
    const Found found(root);
    EXPECT_EQ(found.tree.read_caps(found.cgroup), caps_of(found.tree.read(found.cgroup))) << root;
  }
  const Found found(kV2);
  const sample::Caps expected{Bytes{734003200}, Bytes{536870912}, Bytes{671088640}, Cores{0.8}, 512};
  EXPECT_EQ(found.tree.read_caps(found.cgroup), expected);
}

std::uint64_t inode_of(const std::string& folder) {
  struct stat status {};
  return ::stat(folder.c_str(), &status) == 0 ? status.st_ino : 0;
}

// Fails or spoils every read from the `first`-th on.
class FaultyFiles final : public SmallFiles {
 public:
  FaultyFiles(int first, int error_number, std::string spoiled = {})
      : first_(first), error_number_(error_number), spoiled_(std::move(spoiled)) {}
  SmallFileText read_open(int fd, std::span<char> buffer) const override {
    if (count_++ < first_) return SmallFiles::read_open(fd, buffer);
    return {error_number_ == 0 ? std::string_view(spoiled_) : std::string_view(), error_number_};
  }
  [[nodiscard]] int count() const { return count_; }

 private:
  int first_;
  int error_number_;
  std::string spoiled_;
  mutable int count_ = 0;
};

int readings_present(const sample::Resources& resources) {
  const auto& [memory, cpu, pids, pressure, read_at] = resources;
  int present = 0;
  for (const auto& reading : {memory.usage, memory.anon, memory.file, memory.inactive_file, memory.shmem, memory.kernel,
                              memory.limit, memory.high, memory.reservation, memory.peak}) {
    present += reading.has_value() ? 1 : 0;
  }
  for (const auto& reading : {memory.oom_kills, cpu.periods, cpu.throttled_periods}) present += reading ? 1 : 0;
  for (const auto& reading : {pids.current, pids.limit}) present += reading ? 1 : 0;
  for (const auto& totals : {pressure.memory, pressure.cpu, pressure.io}) {
    present += (totals.some ? 1 : 0) + (totals.full ? 1 : 0);
  }
  return present + (cpu.used ? 1 : 0) + (cpu.limit ? 1 : 0) + (cpu.throttled ? 1 : 0);
}

class CgroupVanishes : public testing::TestWithParam<const char*> {};

TEST_P(CgroupVanishes, AtAnyReadAndWhatWasReadBeforeStays) {
  const std::string root = FIXTURES + std::string(GetParam());
  const FaultyFiles whole(1000, 0);
  const Found all(root, whole);
  int before = readings_present(all.tree.read(all.cgroup));
  const int reads = whole.count();
  ASSERT_GT(reads, 10);
  ASSERT_GT(before, 20);
  for (int first = reads - 1; first >= 0; --first) {
    const FaultyFiles files(first, ENODEV);
    const Found found(root, files);
    const int present = readings_present(found.tree.read(found.cgroup));
    EXPECT_LE(present, before) << "from read " << first << " on";
    before = present;
  }
  EXPECT_EQ(before, 0);
}

TEST_P(CgroupVanishes, AndGarbageIsAbsentNotZero) {
  const std::string root = FIXTURES + std::string(GetParam());
  for (const char* spoiled : {"", "\n", "garbage", "\xff\xfe\n", "-", "99999999999999999999999 1"}) {
    const FaultyFiles files(0, 0, spoiled);
    const Found found(root, files);
    EXPECT_EQ(readings_present(found.tree.read(found.cgroup)), 0) << '"' << spoiled << '"';
  }
}

INSTANTIATE_TEST_SUITE_P(EveryVersion, CgroupVanishes, testing::Values("/cgroup_hybrid", "/cgroup_v2"),
                         [](const auto& tested) { return std::string(tested.param).substr(1); });

TEST(CgroupRead, TellsTheFiguresOfNowFromFilesKeptOpen) {
  const base::TemporaryFolder root;
  root.write("memory.current", "100\n");
  CgroupReader reader(SmallFiles::system());
  sample::Cgroup cgroup;
  cgroup.memory = {root.path(), 2};
  cgroup.inode = inode_of(root.path());
  EXPECT_EQ(reader.read(cgroup).memory.usage, Bytes{100});
  root.write("memory.current", "90\n");
  EXPECT_EQ(reader.read(cgroup).memory.usage, Bytes{90});
  EXPECT_EQ(reader.kept_cgroups(), 1u);
}

TEST(CgroupRead, FindsAFileThatAppearsLater) {
  const base::TemporaryFolder root;
  root.write("memory.current", "100\n");
  CgroupReader reader(SmallFiles::system());
  sample::Cgroup cgroup;
  cgroup.memory = {root.path(), 2};
  cgroup.inode = inode_of(root.path());
  EXPECT_FALSE(reader.read(cgroup).memory.peak);
  root.write("memory.peak", "110\n");
  EXPECT_EQ(reader.read(cgroup).memory.peak, Bytes{110});
}

TEST(CgroupRead, KeepsNoFilesOfACgroupThatIsGone) {
  const Found found(kV2);
  const FaultyFiles files(0, ENODEV);
  CgroupReader reader(files);
  static_cast<void>(reader.read(found.cgroup));
  EXPECT_EQ(reader.kept_cgroups(), 0u);
}

TEST(CgroupRead, ClosesTheFilesOfCgroupsThatNobodyReadsAnyMore) {
  CgroupReader reader(SmallFiles::system());
  for (int i = 0; i < 40; ++i) {
    const base::TemporaryFolder root;
    root.write("memory.current", "100\n");
    sample::Cgroup cgroup;
    cgroup.memory = {root.path(), 2};
    cgroup.inode = inode_of(root.path());
    for (int sweep = 0; sweep < 10; ++sweep) static_cast<void>(reader.read(cgroup));
  }
  EXPECT_LE(reader.kept_cgroups(), 4u);
}

TEST(CgroupRead, KeepsNoMoreFilesOpenThanItMay) {
  rlimit before{};
  ASSERT_EQ(::getrlimit(RLIMIT_NOFILE, &before), 0);
  const rlimit tight{40, before.rlim_max};
  ASSERT_EQ(::setrlimit(RLIMIT_NOFILE, &tight), 0);
  CgroupReader reader(SmallFiles::system());
  ASSERT_EQ(::setrlimit(RLIMIT_NOFILE, &before), 0);
  const Found hybrid(kHybrid);
  const Found v2(kV2);
  for (int sweep = 0; sweep < 3; ++sweep) {
    EXPECT_TRUE(reader.read(hybrid.cgroup).memory.usage);  // 16 files; 20 are allowed
    EXPECT_TRUE(reader.read(v2.cgroup).memory.usage);
    EXPECT_EQ(reader.kept_cgroups(), 1u);
  }
}

TEST(CgroupRead, NamesTheFileThatFailed) {
  const FaultyFiles files(0, EIO);
  const Found found(kV2, files);
  EXPECT_EQ(found.tree.read(found.cgroup).memory.usage.reason(), "memory.current: Input/output error");
}

}  // namespace
}  // namespace guard::source
