#include "agent/recording/recording.h"

#include <sstream>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace agent::recording {
namespace {

using testing::AllOf;
using testing::HasSubstr;
using testing::StartsWith;

struct Reading {
  std::vector<RecordedSample> samples;
  std::string error;
  Passed passed;
};

Reading read(const std::string& text, const Columns& columns = {}) {
  Reading reading;
  std::istringstream in(text);
  const auto passed = read_recording(in, columns, [&](const RecordedSample& sample) -> base::Status {
    reading.samples.push_back(sample);
    return {};
  });
  if (passed)
    reading.passed = *passed;
  else
    reading.error = passed.error().message;
  return reading;
}

TEST(Csv, IsReadByTheNamesInItsHeader) {
  const auto reading = read("x,memory_bytes,timestamp\n1,100,60\n\n2,200,120\n");
  ASSERT_EQ(reading.error, "");
  ASSERT_EQ(reading.samples.size(), 2U);
  EXPECT_EQ(reading.samples[1].seconds, 120);
  EXPECT_EQ(reading.samples[1].bytes, 200);
  EXPECT_EQ(reading.samples[1].series, "memory_bytes");
}

TEST(Csv, MayHaveAByteOrderMarkQuotesAndCarriageReturns) {
  const auto reading = read("\xEF\xBB\xBF\"timestamp\",\"memory, used (Mi)\"\r\n60,\"1.5\"\r\n",
                            {"timestamp", "memory, used (Mi)", "", ""});
  ASSERT_EQ(reading.error, "");
  EXPECT_EQ(reading.samples.at(0).bytes, 1.5 * (1 << 20));
}

TEST(Csv, HandsOnWhatIsMissing) {
  const auto reading = read("timestamp,memory_bytes\n0,NaN\n1,\n2,null\n");
  ASSERT_EQ(reading.samples.size(), 3U);
  for (const auto& sample : reading.samples) EXPECT_FALSE(sample.bytes);
}

TEST(Csv, TellsItsSeriesApartByAColumn) {
  const auto reading =
      read("timestamp,pod,memory_bytes,id\n0,a,1,x\n0,b,2,y\n1,a,3,z\n", {"timestamp", "memory_bytes", "pod", "id"});
  ASSERT_EQ(reading.error, "");
  EXPECT_EQ(reading.samples.at(1).series, "b");
  EXPECT_EQ(reading.samples.at(2).run, "z");
}

TEST(Csv, MayTellOfTheLimitInAColumn) {
  Columns columns;
  columns.limit_column = "cap(Mi)";
  const auto reading = read("timestamp,memory_bytes,cap(Mi)\n0,1,2\n1,1,\n", columns);
  ASSERT_EQ(reading.error, "");
  EXPECT_EQ(reading.samples.at(0).limit_bytes, 2.0 * (1 << 20));
  EXPECT_EQ(reading.samples.at(1).limit_bytes, std::nullopt);
  EXPECT_THAT(read("timestamp,memory_bytes,cap(Mi)\n0,1,much\n", columns).error, HasSubstr("'much' is not a number"));
  EXPECT_THAT(read("timestamp,memory_bytes\n0,1\n", columns).error, HasSubstr("--limit-column"));
}

TEST(Csv, DoesNotMixSeriesInSilence) {
  const std::string mixed = "timestamp,pod,memory_bytes\n0,a,1\n1,b,2\n2,a,3\n";
  EXPECT_THAT(read(mixed).error, AllOf(StartsWith("line 4: "), HasSubstr("--series-column 'pod'")));
  EXPECT_EQ(read("timestamp,pod,memory_bytes\n0,a,1\n1,a,2\n2,b,3\n").error, "") << "replaced once is no mixture";
}

TEST(Csv, NamesTheNearestColumnOfOneThatIsMissing) {
  EXPECT_THAT(read("timestamp,memory_byte\n").error,
              AllOf(StartsWith("line 1: "), HasSubstr("no column 'memory_bytes'; nearest: 'memory_byte' (--column)")));
  EXPECT_THAT(read("time,memory_bytes\n").error, HasSubstr("--time-column"));
  EXPECT_THAT(read("timestamp,memory_bytes,timestamp\n").error, HasSubstr("more than one column"));
}

TEST(Csv, TellsTheLineThatIsWrong) {
  const std::string header = "timestamp,memory_bytes\n0,1\n";
  EXPECT_THAT(read(header + "1,2,3\n").error, AllOf(StartsWith("line 3: "), HasSubstr("3 fields")));
  EXPECT_THAT(read(header + "yesterday,2\n").error,
              AllOf(StartsWith("line 3: "), HasSubstr("'yesterday' is not a time")));
  EXPECT_THAT(read(header + "1,12Mi\n").error, AllOf(StartsWith("line 3: "), HasSubstr("'12Mi' is not a number")));
  EXPECT_THAT(read(header + "1,inf\n").error, HasSubstr("'inf' is not a number"));
  EXPECT_THAT(read(header + "1,\"2\n").error, AllOf(StartsWith("line 3: "), HasSubstr("quote")));
  EXPECT_THAT(read(header + "1," + std::string(1 << 17, '2')).error,
              AllOf(StartsWith("line 3: "), HasSubstr("longer")));
}

TEST(Recording, OfNoKnownFormIsRefused) {
  EXPECT_THAT(read("").error, HasSubstr("nothing in it"));
  EXPECT_THAT(read("hello\n").error, HasSubstr("line 1: neither"));
  EXPECT_THAT(read("[1,2]").error, HasSubstr("no column"));
  EXPECT_THAT(read("timestamp,memory_bytes").error, "");
}

std::string answer(const std::string& result) {
  return R"({"status":"success","data":{"resultType":"matrix","result":[)" + result + "]}}";
}

TEST(QueryRange, HasASeriesForEachSetOfLabels) {
  const auto reading = read(answer(R"({"metric":{"__name__":"m","pod":"a"},"values":[[60,"1"],[75.5,"NaN"]]},)"
                                   R"({"metric":{"__name__":"m"},"values":[[60,"1e9"]]})"));
  ASSERT_EQ(reading.error, "");
  ASSERT_EQ(reading.samples.size(), 3U);
  EXPECT_EQ(reading.samples[0].series, "m{pod=\"a\"}");
  EXPECT_EQ(reading.samples[1].seconds, 75.5);
  EXPECT_FALSE(reading.samples[1].bytes);
  EXPECT_EQ(reading.samples[2].series, "m");
  EXPECT_EQ(reading.samples[2].bytes, 1e9);
}

TEST(QueryRange, TellsWhatIsWrongAndWhere) {
  EXPECT_THAT(read("{\n\"status\": oops}").error, AllOf(HasSubstr("no JSON"), HasSubstr("line 2")));
  EXPECT_THAT(read(R"({"status":"error","error":"bad_data: x"})").error, HasSubstr("bad_data: x"));
  EXPECT_THAT(read(R"({"status":"success","data":{"resultType":"vector","result":[]}})").error,
              HasSubstr("query_range"));
  EXPECT_THAT(read(answer(R"({"metric":{},"values":[[60,"1"],[61,"x"]]})")).error,
              AllOf(HasSubstr("value 2: "), HasSubstr("'x' is not a number")));
  for (const char* values :
       {"[1]", "[[1]]", "[[\"1\",\"2\"]]", "[[1,2]]", "[[1,\"2\",3]]", "[[[1],\"2\"]]", "[{\"a\":1}]"})
    EXPECT_THAT(read(answer(std::string(R"({"metric":{},"values":)") + values + "}")).error, HasSubstr("value "))
        << values;
  EXPECT_THAT(read(answer(R"({"values":[[1,"2"]],"metric":{}})")).error, HasSubstr("before the labels"));
}

constexpr const char* kHeader = "CONTAINER ID   NAME      CPU %     MEM USAGE / LIMIT   MEM %\n";

TEST(DockerStats, HasATimeBeforeEachTable) {
  const std::string row = "0123456789ab   web       0.10%     12.5MiB / 700MiB    1.79%     1kB / 0B\n";
  const auto reading = read("2026-01-02T03:04:05Z\n" + (kHeader + row) + "2026-01-02T03:04:15Z\n" + kHeader + row);
  ASSERT_EQ(reading.error, "");
  ASSERT_EQ(reading.samples.size(), 2U);
  EXPECT_EQ(reading.samples[0].series, "web");
  EXPECT_EQ(reading.samples[0].run, "0123456789ab");
  EXPECT_EQ(reading.samples[0].bytes, 12.5 * (1 << 20));
  EXPECT_EQ(reading.samples[0].limit_bytes, 700.0 * (1 << 20));
  EXPECT_EQ(reading.samples[1].seconds - reading.samples[0].seconds, 10);
}

TEST(DockerStats, MayHaveTheTimeInFrontOfEachRow) {
  const auto reading = read("2026-01-02 03:04:05 web 12.5MiB / 700MiB\n2026-01-02 03:04:15 web 13MiB / 700MiB\n");
  ASSERT_EQ(reading.error, "");
  ASSERT_EQ(reading.samples.size(), 2U);
  EXPECT_EQ(reading.samples[1].series, "web");
  EXPECT_EQ(reading.samples[1].seconds, 1767323055);
}

TEST(DockerStats, MayBeLinesOfJson) {
  const auto reading = read(
      "1767323045\n"
      R"({"CPUPerc":"0.1%","ID":"0123456789ab","MemUsage":"1KiB / 1GiB","Name":"web"})"
      "\n");
  ASSERT_EQ(reading.error, "");
  EXPECT_EQ(reading.samples.at(0).bytes, 1024);
  EXPECT_EQ(reading.samples.at(0).run, "0123456789ab");
  EXPECT_THAT(read("1767323045\n{\"Name\":\"web\"}\n").error, HasSubstr("line 2: "));
}

TEST(DockerStats, LooksPastEscapesThatClearTheTerminal) {
  const auto reading = read(std::string("1767323045\n\x1b[2J\x1b[H") + kHeader + "\x1b[Kweb 0.1% 1KiB / 1GiB\n");
  ASSERT_EQ(reading.error, "");
  EXPECT_EQ(reading.samples.at(0).series, "web");
}

TEST(DockerStats, TakeAnIdOfDigitsForNoTime) {
  const auto reading = read(std::string("1767323045\n") + kHeader + "012345678901   web   0.1%   1KiB / 1GiB   0.1%\n");
  ASSERT_EQ(reading.error, "");
  EXPECT_EQ(reading.samples.at(0).seconds, 1767323045);
  EXPECT_EQ(reading.samples.at(0).run, "012345678901");
}

TEST(DockerStats, OfAStoppedContainerAreMissing) {
  const auto reading = read("1767323045\nweb -- -- / -- --\ndb 0.00% 0B / 0B 0.00%\n");
  ASSERT_EQ(reading.samples.size(), 2U);
  for (const auto& sample : reading.samples) EXPECT_FALSE(sample.bytes || sample.limit_bytes);
}

TEST(DockerStats, NeverGetAnotherTablesTime) {
  EXPECT_THAT(read("web 0.1% 1KiB / 1GiB\n").error, AllOf(StartsWith("line 1: "), HasSubstr("date -u")));
  EXPECT_THAT(read(std::string("1767323045\n") + kHeader + "web 0.1% 1KiB / 1GiB\nSun Nov 22\n" + kHeader).error,
              AllOf(StartsWith("line 5: "), HasSubstr("date -u")));
}

TEST(DockerStats, CountLinesThatAreNoneOfTheirs) {
  const auto reading = read("1767323045\nError response from daemon: no such container\nweb 0.1% 1KiB / 1GiB\n");
  ASSERT_EQ(reading.error, "");
  EXPECT_EQ(reading.passed.lines, 1U);
  EXPECT_EQ(reading.passed.first_line, 2U);
  EXPECT_THAT(read("1767323045\nweb 0.1% 1QB / 1GiB\n").error, HasSubstr("'1QB' is not a size"));
}

}  // namespace
}  // namespace agent::recording
