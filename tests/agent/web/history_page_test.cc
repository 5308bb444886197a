#include "agent/web/history_page.h"

#include <gtest/gtest.h>
#include <nlohmann/json.hpp>

#include "tests/guard/history/scene.h"

namespace agent {
namespace {

using namespace std::chrono_literals;
using guard::history::kBegin;
using guard::history::Scene;

constexpr double kFirst = 1767225600;

nlohmann::json points_of(const Scene& scene, base::WallTime since, base::WallTime now) {
  const auto body = history_points(scene.path(), "web", since, now);
  EXPECT_TRUE(body);
  return body ? nlohmann::json::parse(*body).at("points") : nlohmann::json();
}

void expect_in_order(const nlohmann::json& points) {
  for (std::size_t i = 1; i < points.size(); ++i) EXPECT_LT(points[i - 1][0], points[i][0]);
}

TEST(HistoryPoints, OfAYoungAgentAreItsSamples) {
  Scene scene;
  scene.tick(30);
  ASSERT_TRUE(scene.recording->write());
  for (const base::Duration span : {base::Duration(1h), base::Duration(30 * 24h)}) {
    const auto points = points_of(scene, scene.now.wall - span, scene.now.wall);
    ASSERT_FALSE(points.empty());
    EXPECT_EQ(points[0][0], kFirst);
    EXPECT_EQ(points[0][1], "raw");
  }
}

TEST(HistoryPoints, GoOnWithTheSamplesOfTheMinuteThatIsNotOver) {
  Scene scene;
  scene.tick(330);
  ASSERT_TRUE(scene.recording->write());
  const auto points = points_of(scene, scene.now.wall - 1h, scene.now.wall);
  ASSERT_GT(points.size(), 5u);
  expect_in_order(points);
  EXPECT_EQ(points[4][1], "1m");
  EXPECT_EQ(points[5][1], "raw");
  EXPECT_LE(points[5][0], kFirst + 302);
  EXPECT_GE(points.back()[0], kFirst + 327);
}

TEST(HistoryPoints, EndNow) {
  Scene scene;
  scene.tick(330);
  ASSERT_TRUE(scene.recording->write());
  const auto points = points_of(scene, kBegin, kBegin + 100s);
  ASSERT_FALSE(points.empty());
  expect_in_order(points);
  EXPECT_LE(points.back()[0], kFirst + 100);
  EXPECT_TRUE(points_of(scene, kBegin + 100s, kBegin + 90s).empty());
}

TEST(HistoryPoints, AreBoundedWhenTheClockIsSetBackAgainAndAgain) {
  Scene scene({}, {"web"});
  scene.tick(6500, [&](int i) { scene.now.wall = kBegin + std::chrono::seconds(i % 50); });
  ASSERT_TRUE(scene.recording->write());
  EXPECT_EQ(points_of(scene, kBegin, kBegin + 60s).size(), 6000u);
}

}  // namespace
}  // namespace agent
