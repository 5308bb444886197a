#include "base/config/trust.h"

#include <filesystem>

#include <sys/stat.h>
#include <unistd.h>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "tests/base/temporary_folder.h"

namespace base::config {
namespace {

using testing::HasSubstr;
namespace fs = std::filesystem;

// Whoever runs the test stands for root: what belongs to them is trusted.
class Trust : public testing::Test {
 protected:
  Trust() {
    folder_.write("a.yml", "workloads: []\n");
    ::chmod(folder_.at("a.yml").c_str(), 0640);
  }
  std::string find(const std::string& name) const { return find_distrust(folder_.at(name), ::getuid()); }
  base::TemporaryFolder folder_;
};

TEST_F(Trust, IsGivenToAFileThatNobodyElseCanWrite) { EXPECT_EQ(find("a.yml"), ""); }

TEST_F(Trust, IsRefusedToAFileThatOthersCanWrite) {
  ::chmod(folder_.at("a.yml").c_str(), 0646);
  EXPECT_EQ(find("a.yml"), "refused: users other than root can change it: " + folder_.at("a.yml") +
                               " is writable by all; run: chmod o-w " + folder_.at("a.yml"));
}

TEST_F(Trust, IsRefusedToAFileInAFolderThatOthersCanWrite) {
  fs::create_directory(folder_.at("b"));
  folder_.write("b/a.yml", "");
  EXPECT_EQ(find("b/a.yml"), "");
  ::chmod(folder_.at("b").c_str(), 0777);
  EXPECT_THAT(find("b/a.yml"), HasSubstr("run: chmod o-w " + folder_.at("b")));
  ::chmod(folder_.at("b").c_str(), 01777);
  EXPECT_EQ(find("b/a.yml"), "") << "nobody else can replace a file there";
}

TEST_F(Trust, IsRefusedToALinkIntoSuchAFolder) {
  fs::create_directory(folder_.at("b"));
  folder_.write("b/a.yml", "");
  fs::create_symlink("b/a.yml", folder_.at("link.yml"));
  EXPECT_EQ(find("link.yml"), "");
  ::chmod(folder_.at("b").c_str(), 0777);
  EXPECT_THAT(find("link.yml"), HasSubstr("run: chmod o-w " + folder_.at("b")));
}

TEST_F(Trust, IsRefusedToWhatBelongsToAnotherUser) {
  if (::getuid() == 0) {
    ASSERT_EQ(::chown(folder_.at("a.yml").c_str(), 1234, 0), 0);
    EXPECT_THAT(find("a.yml"), HasSubstr("belongs to user 1234; run: chown root " + folder_.at("a.yml")));
  } else {
    EXPECT_THAT(find_distrust(folder_.at("a.yml"), 0), HasSubstr("run: chown root"));
  }
}

TEST_F(Trust, IsNoMatterOfAFileThatIsNotThere) { EXPECT_EQ(find("nowhere/a.yml"), ""); }

}  // namespace
}  // namespace base::config
