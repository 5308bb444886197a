#include "guard/collect/selection.h"

#include <gtest/gtest.h>

namespace guard {
namespace {

using sample::TargetKind;

source::Container container() {
  source::Container web;
  web.id = "3f2a9c41d0b7" + std::string(52, '0');
  web.name = "shop_web_1";
  web.labels = {
      {"com.docker.compose.project", "shop"}, {"com.docker.compose.service", "web"}, {"leakguard.enable", "1"}};
  return web;
}

bool selects_web(TargetKind kind, const std::string& selector) { return selects({kind, selector, {}}, container()); }

TEST(ByContainer, MeansTheWholeName) {
  EXPECT_TRUE(selects_web(TargetKind::container, "shop_web_1"));
  EXPECT_FALSE(selects_web(TargetKind::container, "shop_web"));
}

TEST(ByContainer, MeansAnIdOfTwelveDigitsAtLeast) {
  EXPECT_TRUE(selects_web(TargetKind::container, container().id));
  EXPECT_TRUE(selects_web(TargetKind::container, "3f2a9c41d0b7"));
  EXPECT_FALSE(selects_web(TargetKind::container, "3f2a9c41d0b"));
  EXPECT_FALSE(selects_web(TargetKind::container, "3f2a9c41d0b8"));
}

TEST(ByService, MeansProjectAndService) {
  EXPECT_TRUE(selects_web(TargetKind::compose_service, "shop/web"));
  EXPECT_FALSE(selects_web(TargetKind::compose_service, "shop/worker"));
  EXPECT_FALSE(selects_web(TargetKind::compose_service, "other/web"));
}

TEST(ByService, DoesNotMeanAContainerWithoutLabels) {
  source::Container plain = container();
  plain.labels.clear();
  EXPECT_FALSE(selects({TargetKind::compose_service, "shop/web", {}}, plain));
}

TEST(ByLabel, MeansKeyAndValue) {
  EXPECT_TRUE(selects_web(TargetKind::container_label, "leakguard.enable=1"));
  EXPECT_FALSE(selects_web(TargetKind::container_label, "leakguard.enable=0"));
  EXPECT_FALSE(selects_web(TargetKind::container_label, "leakguard.other=1"));
}

TEST(ByLabel, MeansAnyValueWhereNoneIsNamed) {
  EXPECT_TRUE(selects_web(TargetKind::container_label, "leakguard.enable"));
  EXPECT_FALSE(selects_web(TargetKind::container_label, "leakguard.other"));
}

TEST(ByLabel, AnEmptyValueIsAValue) {
  EXPECT_FALSE(selects_web(TargetKind::container_label, "leakguard.other="));
  EXPECT_FALSE(selects_web(TargetKind::container_label, "leakguard.enable="));
}

}  // namespace
}  // namespace guard
