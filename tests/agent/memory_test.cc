// What one agent leaves for the next: what is held stopped, and what was done.

#include <csignal>
#include <filesystem>

#include <sys/resource.h>
#include <sys/stat.h>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "agent/journal_memory.h"
#include "agent/stop_markers.h"
#include "tests/base/temporary_folder.h"

namespace agent {
namespace {

using base::TemporaryFolder;
using testing::ElementsAre;
using testing::IsEmpty;
using testing::SizeIs;

const StopMarker kWeb{"web", "memory", base::WallTime(std::chrono::seconds(1767225600))};

TEST(StopMarkers, AreReadByTheNextAgent) {
  const base::TemporaryFolder folder;
  StopMarkers before(folder.at("stopped"));
  EXPECT_THAT(before.read(), IsEmpty()) << "there is no such folder";
  EXPECT_THAT(before.keep({kWeb}), IsEmpty());
  StopMarkers next(folder.at("stopped"));
  const auto held = next.read();
  ASSERT_THAT(held, SizeIs(1));
  EXPECT_EQ(held[0].workload, "web");
  EXPECT_EQ(held[0].rule, "memory");
  EXPECT_EQ(held[0].since, kWeb.since);
}

TEST(StopMarkers, AreReadBesideOtherFiles) {
  const base::TemporaryFolder folder;
  StopMarkers(folder.at("stopped")).keep({kWeb, {"api", "memory", kWeb.since}});
  for (int i = 0; i < 20; ++i)  // some of them come before the markers
    std::filesystem::create_symlink("/no/such/file", folder.at("stopped/link" + std::to_string(i)));
  EXPECT_THAT(StopMarkers(folder.at("stopped")).read(), SizeIs(2));
}

TEST(StopMarkers, AreReleasedOnceWhenTheirMarkerSaysStart) {
  const base::TemporaryFolder folder;
  StopMarkers markers(folder.at("stopped"));
  markers.keep({kWeb});
  EXPECT_THAT(markers.keep({kWeb}), IsEmpty());
  folder.write("stopped/web", "start\n");
  EXPECT_THAT(markers.keep({kWeb}), ElementsAre("web"));
  EXPECT_THAT(markers.keep({kWeb}), IsEmpty()) << "it is starting";
  EXPECT_FALSE(std::filesystem::exists(folder.at("stopped/web")));
}

TEST(StopMarkers, AreNotReleasedByAFileThatIsGone) {
  const base::TemporaryFolder folder;
  StopMarkers markers(folder.at("stopped"));
  markers.keep({kWeb});
  std::filesystem::remove(folder.at("stopped/web"));
  EXPECT_THAT(markers.keep({kWeb}), IsEmpty());
  EXPECT_TRUE(std::filesystem::exists(folder.at("stopped/web"))) << "the next agent is to know";
}

TEST(StopMarkers, AreNotReleasedByAFolderThatIsGone) {
  const base::TemporaryFolder folder;
  StopMarkers markers(folder.at("stopped"));
  markers.keep({kWeb});
  std::filesystem::remove_all(folder.at("stopped"));
  EXPECT_THAT(markers.keep({kWeb}), IsEmpty());
  folder.write("stopped/web", "start of something else\n");
  EXPECT_THAT(markers.keep({kWeb}), IsEmpty()) << "more than the one word";
}

TEST(StopMarkers, AreReleasedByAMarkerThatSaysStartWhileNoAgentRuns) {
  const base::TemporaryFolder folder;
  folder.write("stopped/web", "start\n");
  EXPECT_THAT(StopMarkers(folder.at("stopped")).read(), IsEmpty());
  EXPECT_FALSE(std::filesystem::exists(folder.at("stopped/web")));
}

TEST(StopMarkers, TakeTheirFileAwayWhenTheWorkloadRunsAgain) {
  const base::TemporaryFolder folder;
  StopMarkers markers(folder.at("stopped"));
  markers.keep({kWeb});
  EXPECT_TRUE(std::filesystem::exists(folder.at("stopped/web")));
  markers.keep({});
  EXPECT_FALSE(std::filesystem::exists(folder.at("stopped/web")));
  markers.keep({kWeb});
  EXPECT_TRUE(std::filesystem::exists(folder.at("stopped/web"))) << "stopped a second time";
}

TEST(StopMarkers, HoldWithAFileThatSaysNothing) {
  const base::TemporaryFolder folder;
  folder.write("stopped/web", "");
  StopMarkers markers(folder.at("stopped"));
  ASSERT_THAT(markers.read(), SizeIs(1));
}

TEST(StopMarkers, DoNotBelieveATimeThatCannotBe) {
  const base::TemporaryFolder folder;
  folder.write("stopped/web", "memory 9223372036854775807\n");
  StopMarkers markers(folder.at("stopped"));
  const auto held = markers.read();
  ASSERT_THAT(held, SizeIs(1));
  EXPECT_EQ(held[0].rule, "memory");
  EXPECT_EQ(held[0].since, base::WallTime());
}

// A disk on which files can be made but nothing written to them.
class FullDisk {
 public:
  FullDisk() : handler_(std::signal(SIGXFSZ, SIG_IGN)) {
    ::getrlimit(RLIMIT_FSIZE, &before_);
    const rlimit none{0, before_.rlim_max};
    ::setrlimit(RLIMIT_FSIZE, &none);
  }
  ~FullDisk() {
    ::setrlimit(RLIMIT_FSIZE, &before_);
    std::signal(SIGXFSZ, handler_);
  }
  FullDisk(const FullDisk&) = delete;
  FullDisk& operator=(const FullDisk&) = delete;

 private:
  void (*handler_)(int);
  rlimit before_{};
};

TEST(StopMarkers, ThatAFullDiskKeptFromBeingWrittenHoldNothingLater) {
  const base::TemporaryFolder folder;
  StopMarkers markers(folder.at("stopped"));
  {
    const FullDisk disk;
    markers.keep({kWeb});
  }
  EXPECT_TRUE(std::filesystem::is_empty(folder.at("stopped")));
  markers.keep({});
  EXPECT_THAT(StopMarkers(folder.at("stopped")).read(), IsEmpty());
  markers.keep({kWeb});
  EXPECT_THAT(StopMarkers(folder.at("stopped")).read(), SizeIs(1));
}

TEST(StopMarkers, ThatCannotBeWrittenReleaseNothing) {
  const base::TemporaryFolder folder;
  folder.write("file", "");
  StopMarkers markers(folder.at("file/stopped"));
  EXPECT_THAT(markers.keep({kWeb}), IsEmpty());
  EXPECT_THAT(markers.keep({kWeb}), IsEmpty());
}

constexpr const char* kDecided =
    R"({"at":1767225600.5,"workload":"web","rule":"memory","action":"restart","step":2,"outcome":null})";

TEST(JournalMemory, HasWhatWasBegunAndNothingElse) {
  const base::TemporaryFolder folder;
  folder.write("actions.jsonl.1", std::string(kDecided) + "\n");
  folder.write("actions.jsonl", R"({"at":1,"workload":"web","rule":"memory","action":"restart","outcome":"done"})"
                                "\n"
                                R"({"at":2,"workload":"web","rule":"memory","action":"notify","outcome":null})"
                                "\n"
                                R"({"at":3,"workload":"web","rule":"caps","action":"caps","outcome":null})"
                                "\n"
                                R"({"at":4,"workload":"db","rule":"growth","action":"shed","outcome":null})"
                                "\n");
  const auto actions = read_journal(folder.at("actions.jsonl"));
  ASSERT_THAT(actions, SizeIs(2));
  EXPECT_EQ(actions[0].workload, "web");
  EXPECT_EQ(actions[0].rule, "memory");
  EXPECT_EQ(actions[0].step, 2U);
  EXPECT_EQ(actions[0].at, base::WallTime(std::chrono::milliseconds(1767225600500)));
  EXPECT_EQ(actions[1].workload, "db");
  EXPECT_EQ(actions[1].step, 0U);
}

TEST(JournalMemory, PassesOverWhatIsTornOrNoneOfOurs) {
  const base::TemporaryFolder folder;
  folder.write("actions.jsonl", std::string(kDecided).substr(0, 60) + "\n[]\nnull\n{\"outcome\":null}\n\xff\xfe\n" +
                                    R"({"at":"now","workload":1,"rule":2,"action":"stop","outcome":null})" + "\n" +
                                    kDecided);
  EXPECT_THAT(read_journal(folder.at("actions.jsonl")), SizeIs(1));
  EXPECT_THAT(read_journal(folder.at("nothing")), IsEmpty());
}

// It was read on the loop's thread at start: a pipe stopped the agent there, and a folder ended it.
TEST(JournalMemory, IsEmptyIfTheJournalIsNotARegularFile) {
  const base::TemporaryFolder folder;
  ASSERT_EQ(::mkfifo(folder.at("pipe").c_str(), 0600), 0);
  std::filesystem::create_directory(folder.at("folder"));
  std::filesystem::create_symlink("/dev/zero", folder.at("device"));
  for (const char* name : {"pipe", "folder", "device"}) EXPECT_THAT(read_journal(folder.at(name)), IsEmpty()) << name;
}

TEST(StopMarkers, AreNotReleasedIfTheMarkerIsAPipe) {
  const base::TemporaryFolder folder;
  StopMarkers markers(folder.at("stopped"));
  const std::vector<StopMarker> held = {{"web", "memory", {}}};
  ASSERT_THAT(markers.keep(held), IsEmpty());
  std::filesystem::remove(folder.at("stopped/web"));
  ASSERT_EQ(::mkfifo(folder.at("stopped/web").c_str(), 0600), 0);
  EXPECT_THAT(markers.keep(held), IsEmpty());
}

}  // namespace
}  // namespace agent
