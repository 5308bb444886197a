#include "guard/source/process/pid_file.h"

#include <filesystem>
#include <string>

#include <sys/stat.h>
#include <unistd.h>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "tests/base/temporary_folder.h"

namespace guard::source {
namespace {

using base::Code;
using testing::HasSubstr;

Code code_of(const std::string& path) {
  const auto file = read_pid_file(path);
  return file ? Code::internal : file.error().code;
}

// A machine on which process 4242 belongs to a user.
class Machine {
 public:
  explicit Machine(uid_t owner) {
    const std::string uid = std::to_string(owner);
    root.write("proc/4242/status", "Name:\tweb\nUid:\t" + uid + "\t" + uid + "\t" + uid + "\t" + uid + "\n");
  }
  [[nodiscard]] base::Status check(std::vector<uid_t> owners) const {
    return check_pid_file({4242, std::move(owners), {}}, root.path());
  }
  base::TemporaryFolder root;
};

TEST(PidFile, HoldsAPidOnItsFirstLine) {
  const base::TemporaryFolder folder;
  folder.write("a.pid", "4242\n/var/lib/x\n");
  const auto file = read_pid_file(folder.at("a.pid"));
  ASSERT_TRUE(file) << file.error().message;
  EXPECT_EQ(file->pid, 4242);
  EXPECT_THAT(file->owners, testing::Contains(::geteuid()));
}

TEST(PidFile, IsCorruptWithoutAPid) {
  const base::TemporaryFolder folder;
  for (const char* text : {"", "\n", "0\n", "-4\n", "abc\n", "99999999999999999999\n", "4294967297\n"}) {
    folder.write("a.pid", text);
    EXPECT_EQ(code_of(folder.at("a.pid")), Code::corrupt) << text;
  }
}

TEST(PidFile, IsNotFoundWhereThereIsNone) {
  EXPECT_EQ(code_of("/nonexistent/a.pid"), Code::not_found);
  const base::TemporaryFolder folder;
  std::filesystem::create_symlink("nowhere", folder.at("a.pid"));
  EXPECT_EQ(code_of(folder.at("a.pid")), Code::not_found);
}

TEST(PidFile, HasAtMost64Bytes) {
  const base::TemporaryFolder folder;
  folder.write("a.pid", "4242\n" + std::string(59, ' '));
  EXPECT_EQ(read_pid_file(folder.at("a.pid"))->pid, 4242);
  folder.append("a.pid", " ");
  EXPECT_EQ(code_of(folder.at("a.pid")), Code::too_large);
}

TEST(PidFile, NeverNamesTheFirstProcessOrTheAgent) {
  const base::TemporaryFolder folder;
  folder.write("a.pid", "1\n");
  EXPECT_EQ(code_of(folder.at("a.pid")), Code::invalid_argument);
  folder.write("a.pid", std::to_string(::getpid()));
  EXPECT_EQ(code_of(folder.at("a.pid")), Code::invalid_argument);
  folder.write("a.pid", std::to_string(::getppid()));
  EXPECT_TRUE(::getppid() == 1 || read_pid_file(folder.at("a.pid")));
}

// Who may write a file of root's could otherwise have any process of root's stopped.
TEST(PidFile, ThatIsWorldWritableIsNotTrusted) {
  const Machine machine(0);
  const base::TemporaryFolder folder;
  folder.write("run/a.pid", "4242\n");
  const auto trusted = [&] {
    auto file = read_pid_file(folder.at("run/a.pid"));
    if (!file) return base::Status(base::fail(file.error()));
    file->owners = {0};  // whoever runs this test
    return check_pid_file(*file, machine.root.path());
  };
  EXPECT_TRUE(trusted());
  ::chmod(folder.at("run/a.pid").c_str(), 0666);
  ASSERT_FALSE(trusted());
  EXPECT_THAT(trusted().error().message, HasSubstr("the file is world-writable"));
  ::chmod(folder.at("run/a.pid").c_str(), 0664);
  ::chmod(folder.at("run").c_str(), 0777);
  ASSERT_FALSE(trusted());
  EXPECT_THAT(trusted().error().message, HasSubstr("the folder run is world-writable"));
  ::chmod(folder.at("run").c_str(), 01777);
  EXPECT_TRUE(trusted()) << "a sticky folder's files are replaced by their owners only";
}

TEST(PidFile, OfRootThatAGroupMayWriteIsNotTrusted) {
  if (::geteuid() != 0) GTEST_SKIP() << "only root can give a file to a group";
  const Machine machine(0);
  const base::TemporaryFolder folder;
  folder.write("run/a.pid", "4242\n");
  const auto problem = [&] {
    const auto checked = check_pid_file(*read_pid_file(folder.at("run/a.pid")), machine.root.path());
    return checked ? std::string() : checked.error().message;
  };
  ::chmod(folder.at("run/a.pid").c_str(), 0664);
  ASSERT_EQ(::chown(folder.at("run/a.pid").c_str(), 0, 33), 0);
  EXPECT_THAT(problem(), HasSubstr("the file is writable by group 33"));
  ::chmod(folder.at("run/a.pid").c_str(), 0644);
  EXPECT_EQ(problem(), "");
  ::chmod(folder.at("run").c_str(), 0775);
  ASSERT_EQ(::chown(folder.at("run").c_str(), 0, 33), 0);
  EXPECT_THAT(problem(), HasSubstr("the folder run is writable by group 33"));
  ::chmod(folder.at("run").c_str(), 01775);
  EXPECT_EQ(problem(), "") << "a sticky folder's files are replaced by their owners only";
}

TEST(PidFile, OfAServiceThatItsOwnGroupMayWriteIsTrusted) {
  if (::geteuid() != 0) GTEST_SKIP() << "only root can give a file away";
  const Machine machine(1000);
  const base::TemporaryFolder folder;
  folder.write("run/a.pid", "4242\n");
  ::chmod(folder.at("run").c_str(), 02775);
  ASSERT_EQ(::chown(folder.at("run").c_str(), 1000, 1000), 0);
  EXPECT_TRUE(check_pid_file(*read_pid_file(folder.at("run/a.pid")), machine.root.path()));
}

// /proc/ID/status exists for each thread, and a signal to it reaches the whole process: the agent's own, for one.
TEST(PidFile, ThatNamesAThreadIsRefused) {
  const base::TemporaryFolder root;
  root.write("proc/4243/status", "Name:\tweb\nTgid:\t4242\nUid:\t0\t0\t0\t0\n");
  const auto checked = check_pid_file({4243, {0}, {}}, root.path());
  ASSERT_FALSE(checked);
  EXPECT_THAT(checked.error().message, HasSubstr("a thread of process 4242"));
  root.write("proc/4243/status", "Name:\tweb\nTgid:\t4243\nUid:\t0\t0\t0\t0\n");
  EXPECT_TRUE(check_pid_file({4243, {0}, {}}, root.path()));
}

TEST(PidFile, IsARegularFileAndAPipeIsNotEvenOpened) {
  const base::TemporaryFolder folder;
  ASSERT_EQ(::mkfifo(folder.at("a.pid").c_str(), 0600), 0);
  EXPECT_EQ(code_of(folder.at("a.pid")), Code::invalid_argument);
  EXPECT_EQ(code_of(folder.path()), Code::invalid_argument);
  EXPECT_EQ(code_of("/dev/null"), Code::invalid_argument);
}

TEST(PidFile, IsFoundThroughLinksWhoseOwnersAreNoted) {
  const base::TemporaryFolder folder;
  folder.write("run/a.pid", "4242\n");
  std::filesystem::create_symlink("run", folder.at("var"));
  std::filesystem::create_symlink(folder.at("var") + "/../var/a.pid", folder.at("b.pid"));
  EXPECT_EQ(read_pid_file(folder.at("b.pid"))->pid, 4242);
  if (::geteuid() != 0) GTEST_SKIP() << "only root can give a link away";
  constexpr uid_t kStranger = 12345;
  ASSERT_EQ(::lchown(folder.at("var").c_str(), kStranger, kStranger), 0);
  EXPECT_THAT(read_pid_file(folder.at("b.pid"))->owners, testing::Contains(kStranger));
}

TEST(PidFile, NotesTheOwnersOfItsFolders) {
  if (::geteuid() != 0) GTEST_SKIP() << "only root can give a folder away";
  constexpr uid_t kStranger = 12345;
  const base::TemporaryFolder folder;
  folder.write("home/run/a.pid", "4242\n");
  ASSERT_EQ(::chown(folder.at("home").c_str(), kStranger, kStranger), 0);
  EXPECT_THAT(read_pid_file(folder.at("home/run/a.pid"))->owners, testing::UnorderedElementsAre(0U, kStranger));
}

TEST(PidFile, ThatLinksInACircleIsRefused) {
  const base::TemporaryFolder folder;
  std::filesystem::create_symlink("b.pid", folder.at("a.pid"));
  std::filesystem::create_symlink("a.pid", folder.at("b.pid"));
  EXPECT_NE(code_of(folder.at("a.pid")), Code::not_found);
}

TEST(PidFileTrust, IsForRootAndTheProcessesOwner) {
  const Machine machine(1000);
  EXPECT_TRUE(machine.check({0}));
  EXPECT_TRUE(machine.check({0, 1000}));
}

TEST(PidFileTrust, IsNotForAnyoneElse) {
  const auto checked = Machine(1000).check({0, 1001});
  ASSERT_FALSE(checked);
  EXPECT_EQ(checked.error().code, Code::permission_denied);
  EXPECT_THAT(checked.error().message, HasSubstr("user 1001"));
  EXPECT_FALSE(Machine(0).check({1000})) << "a user must not name one of root's processes";
}

TEST(PidFileTrust, IsUnknownWithoutTheProcess) {
  const base::TemporaryFolder root;
  EXPECT_EQ(check_pid_file({4242, {0}}, root.path()).error().code, Code::not_found);
  root.write("proc/4242/status", "Name:\tweb\n");
  EXPECT_EQ(check_pid_file({4242, {0}}, root.path()).error().code, Code::corrupt);
}

}  // namespace
}  // namespace guard::source
