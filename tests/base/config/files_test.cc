#include "base/config/files.h"

#include <string>
#include <vector>

#include <sys/stat.h>
#include <unistd.h>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "tests/base/temporary_folder.h"

namespace base::config {
namespace {

using testing::HasSubstr;

std::string read(const std::string& path) {
  std::vector<ConfigProblem> problems;
  std::string found;
  for (const ConfigText& text : read_config_files(path, problems)) found += text.text + (text.is_fragment ? "+ " : " ");
  for (const ConfigProblem& problem : problems) found += to_string(problem);
  return found;
}

TEST(ConfigFiles, AreTheNamedOneAndTheFragmentsBesideItInOrder) {
  const TemporaryFolder folder;
  const std::string path = folder.write("a.yml", "main");
  EXPECT_EQ(read(path), "main ");
  folder.write("conf.d/2.yml", "two");
  folder.write("conf.d/1.yml", "one");
  folder.write("conf.d/.3.yml", "hidden");
  folder.write("conf.d/4.yaml", "other");
  EXPECT_EQ(read(path), "main one+ two+ ");
}

TEST(ConfigFiles, ThatCannotBeReadAreProblems) {
  const TemporaryFolder folder;
  EXPECT_THAT(read(folder.at("none.yml")), HasSubstr("none.yml: cannot be read: "));
  EXPECT_THAT(read(folder.path()), HasSubstr("not a regular file"));
  folder.write("conf.d/1.yml/in-the-way", "");
  EXPECT_THAT(read(folder.write("a.yml", "main")), testing::AllOf(HasSubstr("main "), HasSubstr("1.yml: cannot be")));
}

TEST(ConfigFiles, ThatOthersCanChangeAreRefusedToRoot) {
  if (::geteuid() != 0) GTEST_SKIP() << "needs root";
  const TemporaryFolder folder;
  const std::string path = folder.write("a.yml", "main");
  ::chmod(folder.write("conf.d/web.yml", "web").c_str(), 0666);
  EXPECT_THAT(read(path), HasSubstr("conf.d/web.yml: refused: users other than root can change it"));
}

}  // namespace
}  // namespace base::config
