// A container list that one of its entries spoils, or that is huge.

#include <string>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "guard/source/docker/parser.h"

namespace guard::source {
namespace {

using testing::HasSubstr;

const std::string kId = std::string(64, 'a');

// A list with one entry beside the container "a".
base::Result<ContainerList> list_beside(const std::string& entry) {
  return parse_container_list("[" + entry + R"(,{"Id":")" + kId + R"(","Names":["/a"],"State":"running"}])");
}

class BadEntry : public testing::TestWithParam<std::string> {};
TEST_P(BadEntry, IsSkippedAndCountedAndTheOthersAreThere) {
  const auto list = list_beside(GetParam());
  ASSERT_TRUE(list) << list.error().message;
  ASSERT_EQ(list->containers.size(), 1U);
  EXPECT_EQ(list->containers[0].name, "a");
  EXPECT_EQ(list->skipped, 1U);
  EXPECT_THAT(list->why, HasSubstr("entry 1"));
}
INSTANTIATE_TEST_SUITE_P(Entries, BadEntry,
                         testing::Values("1", "null", "{}", "[]", "[[[[{}]]]]", R"({"Id":7,"Names":["/b"]})",
                                         R"({"Id":"12","Names":["/b"]})", R"({"Id":tru})", "{\"Id\":\"\xff\xfe\"}",
                                         R"({"Id" "Names"})", R"({"Names":["/b"]})", R"({"Id":")" + kId + "\":1}"));

class OddEntry : public testing::TestWithParam<std::string> {};
TEST_P(OddEntry, IsStillAContainerAsFarAsItCanBeRead) {
  const auto list = list_beside(R"({"Id":")" + std::string(64, 'b') + "\"," + GetParam() + "}");
  ASSERT_TRUE(list) << list.error().message;
  EXPECT_EQ(list->containers.size(), 2U);
  EXPECT_EQ(list->skipped, 0U);
}
INSTANTIATE_TEST_SUITE_P(Entries, OddEntry,
                         testing::Values(R"("Names":null)", R"("Names":7)", R"("Labels":"x")", R"("State":{})",
                                         R"("Ports":)" + std::string(100'000, '[') + std::string(100'000, ']'),
                                         R"("Names":)" + std::string(100'000, '[') + std::string(100'000, ']'),
                                         R"("SizeRw":1e999999)", R"("Created":)" + std::string(100'000, '9'),
                                         R"("Names":["/b"],"Names":["/c"])",
                                         "\"Image\":\"" + std::string(1u << 20, 'x') + '"'));

std::string many_labels(const std::string& more) {
  std::string labels = R"("Names":["/b"],"Labels":{)";
  for (int i = 0; i < 50'000; ++i) labels += "\"a" + std::to_string(i) + R"(":")" + std::string(80, 'x') + "\",";
  return labels + more + "}";
}

TEST(ContainerList, KeepsTheLabelsThatSelectorsReadWhateverTheOthersAre) {
  ContainerListParser parser({"team"});
  ASSERT_TRUE(parser.feed(R"([{"Id":")" + kId + "\"," +
                          many_labels(R"("team":")" + std::string(1000, 't') +
                                      R"(","leakguard.enable":"true","com.docker.compose.project":"shop",)"
                                      R"("com.docker.compose.service":"web","com.docker.compose.oneoff":"False")") +
                          "}]"));
  const auto list = parser.finish();
  ASSERT_TRUE(list);
  const auto& labels = list->containers.at(0).labels;
  EXPECT_EQ(labels.at("com.docker.compose.project"), "shop");
  EXPECT_EQ(labels.at("com.docker.compose.service"), "web");
  EXPECT_EQ(labels.at("com.docker.compose.oneoff"), "False");
  EXPECT_EQ(labels.at("leakguard.enable"), "true");
  EXPECT_EQ(labels.at("team").size(), 1000U);
  EXPECT_LE(labels.size(), 64U + 5);
}

TEST(ContainerList, OfMoreContainersThanItKeepsHasTheWantedOnes) {
  ContainerListParser parser({}, [](const Container& container) { return container.name == "last"; });
  ASSERT_TRUE(parser.feed("["));
  for (int i = 0; i < 100'000; ++i) {
    const std::string number = std::to_string(i);
    ASSERT_TRUE(parser.feed(R"({"Id":")" + std::string(64 - number.size(), '0') + number + R"(","Names":["/c"]},)"));
  }
  ASSERT_TRUE(parser.feed(R"({"Id":")" + kId + R"(","Names":["/last"]}])"));
  const auto list = parser.finish();
  ASSERT_TRUE(list);
  EXPECT_EQ(list->containers.size(), ContainerListParser::kMaxContainers + 1);
  EXPECT_EQ(list->containers.back().name, "last");
  EXPECT_EQ(list->left_out, 100'000U - ContainerListParser::kMaxContainers);
}

}  // namespace
}  // namespace guard::source
