// A journal whose disk stands still: a pipe that nobody reads cannot even be opened.

#include "guard/history/journal_writer.h"

#include <fstream>
#include <string>
#include <thread>

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <gtest/gtest.h>

#include "tests/guard/source/temporary_folder.h"

namespace guard::history {
namespace {

using source::TemporaryFolder;

std::string read(const std::string& path) {
  std::ifstream file(path, std::ios::binary);
  return {std::istreambuf_iterator<char>(file), std::istreambuf_iterator<char>()};
}

TEST(JournalWriter, WritesInOrder) {
  const TemporaryFolder folder;
  JournalWriter writer(folder.at("actions.jsonl"));
  for (const char* line : {"1", "2", "3"}) writer.append(line);
  writer.wait_until_written();
  EXPECT_EQ(read(folder.at("actions.jsonl")), "1\n2\n3\n");
  EXPECT_EQ(writer.errors(), 0U);
}

TEST(JournalWriter, CountsWhatCannotBeWritten) {
  const TemporaryFolder folder;
  folder.write("file", "");
  JournalWriter writer(folder.at("file/actions.jsonl"));
  writer.append("1");
  writer.append("2");
  writer.wait_until_written();
  EXPECT_EQ(writer.errors(), 2U);
}

TEST(JournalWriter, WaitsForNobodyWhileTheDiskStandsStillAndCountsWhatItDrops) {
  const TemporaryFolder folder;
  const std::string path = folder.at("actions.jsonl");
  ASSERT_EQ(::mkfifo(path.c_str(), 0600), 0);
  JournalWriter writer(path);
  // More than can wait: with a writer that waits this test never ends.
  for (std::size_t i = 0; i < JournalWriter::kMostWaiting + 100; ++i) writer.append("line");
  EXPECT_GE(writer.errors(), 99U);
  EXPECT_LE(writer.errors(), 100U) << "one may have been taken already";
  const int reader = ::open(path.c_str(), O_RDONLY | O_NONBLOCK);  // the disk is back
  ASSERT_GE(reader, 0);
  writer.wait_until_written();
  ::close(reader);
}

TEST(JournalWriter, WithoutAPathKeepsNothing) {
  JournalWriter writer("");
  writer.append("1");
  writer.wait_until_written();
  EXPECT_EQ(writer.errors(), 0U);
}

}  // namespace
}  // namespace guard::history
