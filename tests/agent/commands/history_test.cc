// What `leakguard history export` writes.

#include <limits>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "agent/commands/history_lines.h"
#include "agent/history_actions.h"
#include "tests/base/temporary_folder.h"

namespace agent {
namespace {

using base::TemporaryFolder;
using guard::history::Moment;
using testing::ElementsAre;
using testing::HasSubstr;
using testing::Not;
using testing::StartsWith;

std::vector<std::string> actions_of(const ActionQuery& query) {
  std::vector<std::string> lines;
  const auto read = read_actions(query, [&](const std::string& line) {
    lines.push_back(line);
    return true;
  });
  if (!read) lines.push_back(read.error().message);
  return lines;
}

base::WallTime at(int seconds) { return base::WallTime(std::chrono::seconds(seconds)); }

constexpr const char* kOld = R"({"at":10,"workload":"web"})";
constexpr const char* kMiddle = R"({"at":20,"workload":"db"})";
constexpr const char* kNew = R"({"at":30,"workload":"web"})";

TEST(Actions, ComeFromBothFilesTheOlderFirst) {
  const base::TemporaryFolder folder;
  folder.write("actions.jsonl.1", std::string(kOld) + "\n");
  folder.write("actions.jsonl", std::string(kMiddle) + "\n" + kNew + "\n");
  EXPECT_THAT(actions_of({folder.path(), "", {}, {}}), ElementsAre(kOld, kMiddle, kNew));
  EXPECT_THAT(actions_of({folder.path(), "web", {}, {}}), ElementsAre(kOld, kNew));
  EXPECT_THAT(actions_of({folder.path(), "", at(20), {}}), ElementsAre(kMiddle, kNew));
  EXPECT_THAT(actions_of({folder.path(), "", at(10), at(30)}), ElementsAre(kOld, kMiddle));
}

TEST(Actions, ThatAFullDiskCutOffAreCounted) {
  const base::TemporaryFolder folder;
  folder.write("actions.jsonl", std::string("{\"at\":1,\"wor\n") + kNew + "\n");
  std::vector<std::string> lines;
  const auto passed_over = read_actions({folder.path(), "", {}, {}}, [&](const std::string& line) {
    lines.push_back(line);
    return true;
  });
  ASSERT_TRUE(passed_over);
  EXPECT_EQ(*passed_over, 1u);
  EXPECT_THAT(lines, ElementsAre(kNew));
}

TEST(Actions, OfAWorkloadThatIsNoTextAreOfNone) {
  const base::TemporaryFolder folder;
  folder.write("actions.jsonl", std::string("{\"workload\":5,\"at\":1}\n") + kNew + "\n");
  EXPECT_THAT(actions_of({folder.path(), "web", {}, {}}), ElementsAre(kNew));
  EXPECT_THAT(actions_of({folder.path(), "5", {}, {}}), ElementsAre());
}

TEST(Actions, WithoutAJournalAreNotFound) {
  const base::TemporaryFolder folder;
  const auto read = read_actions({folder.path(), "", {}, {}}, [](const std::string&) { return true; });
  ASSERT_FALSE(read);
  EXPECT_EQ(read.error().code, base::Code::not_found);
}

Moment seen() {
  Moment moment;
  moment.snapshot.wall = base::WallTime(std::chrono::milliseconds(1767225600125));
  auto& workload = moment.snapshot.workloads.emplace_back();
  workload.name = "web, the \"big\" one";
  workload.identity.key = "container:3f2a";
  workload.lifecycle.starts = 2;
  workload.lifecycle.state = guard::sample::State::running;
  workload.resources.memory.usage = base::mebibytes(3);
  workload.resources.memory.anon = base::mebibytes(1);
  workload.resources.memory.inactive_file = base::Bytes{0};
  workload.resources.memory.limit = base::Bytes::unlimited();
  workload.resources.pids.limit = std::numeric_limits<std::int64_t>::max();
  return moment;
}

TEST(CsvLine, LeavesEmptyWhatWasAbsentAndWhatHasNoLimit) {
  EXPECT_EQ(csv_line(seen(), 0),
            "1767225600.125,\"web, the \"\"big\"\" one\",container:3f2a#2,raw,running,1048576,,,,,3145728,3145728,"
            "1048576,,0,,,,,,,,\n");
}

TEST(CsvLine, HasAFieldForEachColumn) {
  Moment moment = seen();
  moment.snapshot.workloads[0].name = "web";
  const auto commas = [](const std::string& text) { return std::count(text.begin(), text.end(), ','); };
  EXPECT_EQ(commas(csv_line(moment, 0)), commas(csv_header()));
}

TEST(JsonLine, HasNoKeyForWhatWasAbsent) {
  const std::string line = json_line(seen(), 0);
  EXPECT_THAT(line, StartsWith(R"({"timestamp":1767225600.125,"workload":"web, the \"big\" one","run")"));
  EXPECT_THAT(line, HasSubstr(R"("usage_bytes":3145728)"));
  EXPECT_THAT(line, HasSubstr(R"("pids":{"limit":null})")) << "there is none";
  EXPECT_THAT(line, Not(HasSubstr("shmem_bytes")));
  EXPECT_THAT(line, Not(HasSubstr("\"cpu\"")));
  EXPECT_THAT(line, Not(HasSubstr("\"summary\"")));
}

TEST(JsonLine, OfAMinuteHasItsSummary) {
  Moment moment = seen();
  moment.resolution = guard::history::Resolution::minute;
  auto& summary = moment.summaries.emplace_back();
  summary.samples = 60;
  summary.usage.least = base::Bytes{1};
  summary.usage.most = base::Bytes{3};
  summary.usage.mean = base::Bytes{2};
  EXPECT_THAT(json_line(moment, 0), HasSubstr(R"("summary":{"samples":60,"usage_bytes":{"min":1,"max":3,"mean":2}})"));
  EXPECT_THAT(csv_line(moment, 0), HasSubstr(",1m,running,"));
}

}  // namespace
}  // namespace agent
