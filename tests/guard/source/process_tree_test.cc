#include <string>

#include <unistd.h>

#include <gtest/gtest.h>

#include "guard/source/process/parser.h"
#include "guard/source/process/tree.h"
#include "tests/base/temporary_folder.h"

namespace guard::source {
namespace {

const std::string kRoot = FIXTURES "/proc_tree";

std::string stat_with_name(const std::string& name) {
  return "42 (" + name + ") S 7 1 1 0 -1 4194304 1 2 3 4 248 7 30 40 20 0 1 0 194346 63168512 14608";
}

TEST(ProcessStatParser, CountsFieldsFromTheLastParenthesis) {
  for (const char* name : {"node", "a) S 1 2 (b", ")", "", "a b\nc", "(((", "\xff"}) {
    const auto stat = parse_process_stat(stat_with_name(name));
    ASSERT_TRUE(stat) << name;
    EXPECT_EQ(stat->pid, 42);
    EXPECT_EQ(stat->state, 'S');
    EXPECT_EQ(stat->parent, 7);
    EXPECT_EQ(stat->user_ticks, 248);
    EXPECT_EQ(stat->system_ticks, 7);
    EXPECT_EQ(stat->waited_user_ticks, 30);
    EXPECT_EQ(stat->waited_system_ticks, 40);
    EXPECT_EQ(stat->start_ticks, 194346u);
  }
}

TEST(ProcessStatParser, RefusesATextCutShortAnywhere) {
  const std::string whole = stat_with_name("node");
  const auto end = whole.rfind(" 63168512");
  ASSERT_TRUE(parse_process_stat(whole.substr(0, end)));
  for (std::size_t length = 0; length + 6 < end; ++length) {  // shorter than the start time's first digit
    EXPECT_FALSE(parse_process_stat(whole.substr(0, length))) << length;
  }
}

TEST(ProcessStatusParser, TakesTheResidentKinds) {
  const auto memory =
      parse_process_status("Name:\tx\nRssAnon:\t   51936 kB\nRssFile:\t    6616 kB\nRssShmem:\t 64 kB\n");
  ASSERT_TRUE(memory);
  EXPECT_EQ(memory->anon, base::kibibytes(51936));
  EXPECT_EQ(memory->file, base::kibibytes(6616));
  EXPECT_EQ(memory->shmem, base::kibibytes(64));
}

TEST(ProcessStatusParser, HasNothingOfAZombie) {
  EXPECT_FALSE(parse_process_status("Name:\tsh\nState:\tZ (zombie)\n"));
}

TEST(ProcessStatusParser, TakesTheRealUser) {
  EXPECT_EQ(parse_process_owner("Name:\tx\nUid:\t1000\t0\t0\t0\nGid:\t7\t7\t7\t7\n"), 1000U);
  EXPECT_FALSE(parse_process_owner("Name:\tUid:\n"));
}

TEST(PidListParser, SkipsForeignProcessesAndGarbage) {
  EXPECT_EQ(parse_pids("12\n0\nx\n-3\n\n7\n12"), (std::vector<std::int64_t>{7, 12}));
  EXPECT_TRUE(parse_pids("").empty());
}

TEST(ProcessIdentity, IsThePidAndItsStart) { EXPECT_EQ(process_identity(kRoot, 100).value_or(""), "pid:100@194346"); }

TEST(ProcessIdentity, IsNotFoundForNoProcess) {
  const auto identity = process_identity(kRoot, 4);
  ASSERT_FALSE(identity);
  EXPECT_EQ(identity.error().code, base::Code::not_found);
}

TEST(ProcessIdentity, StaysTheSameForALivingProcess) {
  const auto first = process_identity("/", ::getpid());
  ASSERT_TRUE(first);
  EXPECT_EQ(*first, process_identity("/", ::getpid()).value_or(""));
}

TEST(ProcessTree, SumsTheProcessAndItsDescendants) {
  // 101, whose name looks like fields of another process, its child 102, and 102's sibling 103, a zombie without
  // memory.
  const auto resources = read_process_tree(kRoot, 100);
  EXPECT_EQ(resources.pids.current, std::int64_t{4});
  EXPECT_EQ(resources.memory.anon, base::kibibytes(3 * 51936));
  EXPECT_EQ(resources.memory.file, base::kibibytes(3 * 6616));
  EXPECT_EQ(resources.memory.shmem, base::kibibytes(3 * 64));
  EXPECT_EQ(resources.memory.usage, base::kibibytes(3 * (51936 + 6616 + 64)));
}

TEST(ProcessTree, LeavesParentsAndSiblingsOut) {
  EXPECT_EQ(read_process_tree(kRoot, 101).pids.current, std::int64_t{3});
  EXPECT_EQ(read_process_tree(kRoot, 102).pids.current, std::int64_t{1});
}

TEST(ProcessTree, CountsTheTimeOfChildrenWaitedFor) {
  const auto ticks = static_cast<double>(::sysconf(_SC_CLK_TCK));
  const auto resources = read_process_tree(kRoot, 100);
  ASSERT_TRUE(resources.cpu.used);
  EXPECT_NEAR(base::to_seconds(*resources.cpu.used), (248 + 7 + 3 + 4 + 100 + 50 + 10 + 5 + 5) / ticks, 1e-6);
}

TEST(ProcessTree, SaysWhatOnlyACgroupCouldTell) {
  const auto resources = read_process_tree(kRoot, 100);
  EXPECT_FALSE(resources.memory.limit);
  EXPECT_EQ(resources.memory.limit.reason(), "no cgroup: read from the process tree");
  EXPECT_EQ(resources.cpu.throttled.reason(), "no cgroup: read from the process tree");
}

TEST(ProcessTree, IsAbsentWithoutItsFirstProcess) {
  const auto resources = read_process_tree(kRoot, 4);
  EXPECT_EQ(resources.memory.usage.reason(), "process 4 is gone");
  EXPECT_EQ(resources.cpu.used.reason(), "process 4 is gone");
  EXPECT_EQ(resources.pids.current.reason(), "process 4 is gone");
}

TEST(ProcessTree, EndsWhenProcessesSeemToBeTheirOwnAncestors) {
  const base::TemporaryFolder root;
  root.write("proc/7/stat", "7 (a) S 42 1 1 0 -1 4194304 1 2 3 4 248 7 30 40 20 0 1 0 194346 6");
  root.write("proc/42/stat", stat_with_name("b"));
  EXPECT_TRUE(read_process_tree(root.path(), 7).pids.current);
}

}  // namespace
}  // namespace guard::source
