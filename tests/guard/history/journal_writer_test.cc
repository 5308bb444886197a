#include "guard/history/journal_writer.h"

#include <fstream>
#include <string>

#include <sys/stat.h>

#include <gtest/gtest.h>

#include "tests/base/temporary_folder.h"

namespace guard::history {
namespace {

using base::TemporaryFolder;

std::string read(const std::string& path) {
  std::ifstream file(path, std::ios::binary);
  return {std::istreambuf_iterator<char>(file), std::istreambuf_iterator<char>()};
}

TEST(JournalWriter, WritesInOrder) {
  const base::TemporaryFolder folder;
  JournalWriter writer(folder.at("actions.jsonl"));
  for (const char* line : {"1", "2", "3"}) writer.append(line);
  writer.wait_until_written();
  EXPECT_EQ(read(folder.at("actions.jsonl")), "1\n2\n3\n");
  EXPECT_EQ(writer.errors(), 0U);
}

TEST(JournalWriter, CountsWhatCannotBeWritten) {
  const base::TemporaryFolder folder;
  folder.write("file", "");
  JournalWriter writer(folder.at("file/actions.jsonl"));
  writer.append("1");
  writer.append("2");
  writer.wait_until_written();
  EXPECT_EQ(writer.errors(), 2U);
}

// That a disk which stands still delays nobody is seen in tests/integration/agent/frozen_disk_test.py.
TEST(JournalWriter, CountsEachLineThatFindsNoRoomOrCannotBeWritten) {
  const base::TemporaryFolder folder;
  const std::string path = folder.at("actions.jsonl");
  ASSERT_EQ(::mkfifo(path.c_str(), 0600), 0);  // refused: not a regular file
  JournalWriter writer(path);
  constexpr std::size_t kLines = JournalWriter::kMostWaiting + 100;
  for (std::size_t i = 0; i < kLines; ++i) writer.append("line");
  writer.wait_until_written();
  EXPECT_EQ(writer.errors(), kLines);
}

TEST(JournalWriter, WithoutAPathKeepsNothing) {
  JournalWriter writer("");
  writer.append("1");
  writer.wait_until_written();
  EXPECT_EQ(writer.errors(), 0U);
}

}  // namespace
}  // namespace guard::history
