// Which container is which workload: scaling, re-creation, one-offs and strangers that wear the same labels.

#include "guard/collect/instances.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "tests/guard/fakes.h"

namespace guard {
namespace {

using source::Container;
using source::ContainerState;
using testing::ElementsAre;
using testing::IsEmpty;
using testing::SizeIs;

Container container(const std::string& id, const std::string& name, std::map<std::string, std::string> labels = {},
                    ContainerState state = ContainerState::running) {
  Container made;
  made.id = id;
  made.name = name;
  made.labels = std::move(labels);
  made.state = state;
  return made;
}

Container replica(const std::string& id, const std::string& number, ContainerState state = ContainerState::running) {
  return container(id, "shop_api_" + number,
                   {{"com.docker.compose.project", "shop"},
                    {"com.docker.compose.service", "api"},
                    {"com.docker.compose.container-number", number},
                    {"com.docker.compose.oneoff", "False"}},
                   state);
}

Container one_off(const std::string& id) {
  Container made = replica(id, "1");
  made.name = "shop_api_run_" + id;
  made.labels["com.docker.compose.oneoff"] = "True";
  return made;
}

config::WorkloadConfig service(const std::string& name, const std::string& selector = "shop/api") {
  config::WorkloadConfig workload = workload_config(name);
  workload.target = {sample::TargetKind::compose_service, selector, {}};
  return workload;
}

config::WorkloadConfig labelled(const std::string& name, const std::string& label) {
  config::WorkloadConfig workload = workload_config(name);
  workload.target = {sample::TargetKind::container_label, label, {}};
  return workload;
}

// "name=id", or "name" for one without a container.
std::vector<std::string> names(Instances& instances, const std::vector<Container>& containers) {
  std::vector<std::string> names;
  for (const Instance& instance : instances.assign(containers))
    names.push_back(instance.name + (instance.container ? "=" + containers[*instance.container].id : ""));
  return names;
}

TEST(Instances, AServiceWithoutContainersIsThereOnce) {
  Instances instances({service("api")});
  EXPECT_THAT(names(instances, {}), ElementsAre("api"));
}

TEST(Instances, OneContainerIsTheServiceItself) {
  Instances instances({service("api")});
  EXPECT_THAT(names(instances, {replica("a", "1")}), ElementsAre("api=a"));
}

TEST(Instances, SeveralAreNumberedAsComposeDoes) {
  Instances instances({service("api")});
  EXPECT_THAT(names(instances, {replica("c", "10"), replica("b", "2"), replica("a", "1")}),
              ElementsAre("api-1=a", "api-2=b", "api-10=c"));
}

TEST(Instances, ScalingUpRenamesTheFirstAndSaysSo) {
  Instances instances({service("api")});
  names(instances, {replica("a", "1")});
  const auto assigned = instances.assign({replica("b", "2"), replica("a", "1")});
  ASSERT_THAT(assigned, SizeIs(2));
  EXPECT_EQ(assigned[0].name, "api-1");
  EXPECT_EQ(assigned[0].renamed_from, "api");
  EXPECT_EQ(assigned[1].renamed_from, "");
}

TEST(Instances, ScalingDownKeepsTheNumbers) {
  Instances instances({service("api")});
  names(instances, {replica("a", "1"), replica("b", "2")});
  EXPECT_THAT(names(instances, {replica("b", "2")}), ElementsAre("api-2=b"));
  EXPECT_THAT(names(instances, {replica("c", "1"), replica("b", "2")}), ElementsAre("api-1=c", "api-2=b"));
}

TEST(Instances, ARecreatedReplicaTakesOverItsName) {
  Instances instances({service("api")});
  names(instances, {replica("a", "1"), replica("b", "2")});
  Container renamed = replica("a", "1", ContainerState::exited);
  renamed.name = "f00_shop_api_1";
  EXPECT_THAT(names(instances, {replica("c", "1"), replica("b", "2"), renamed}), ElementsAre("api-1=c", "api-2=b"));
  EXPECT_THAT(names(instances, {replica("c", "1"), replica("b", "2")}), ElementsAre("api-1=c", "api-2=b"));
}

TEST(Instances, AReplicaThatIsDownIsStillOne) {
  Instances instances({service("api")});
  EXPECT_THAT(names(instances, {replica("b", "2", ContainerState::exited), replica("a", "1")}),
              ElementsAre("api-1=a", "api-2=b"));
}

TEST(Instances, OneOffsAreNeverPartOfTheService) {
  Instances instances({service("api"), labelled("by-label", "com.docker.compose.service=api")});
  EXPECT_THAT(names(instances, {one_off("x"), replica("a", "1")}), ElementsAre("api=a", "by-label=a"));
  EXPECT_THAT(names(instances, {one_off("x")}), ElementsAre("api", "by-label"));
}

TEST(Instances, AOneOffIsMeantByItsName) {
  config::WorkloadConfig job = workload_config("job");
  job.target.selector = "shop_api_run_x";
  Instances instances({job});
  EXPECT_THAT(names(instances, {one_off("x")}), ElementsAre("job=x"));
}

TEST(Instances, AStrangerWithTheSameLabelsIsOneMoreAndNoReplacement) {
  Instances instances({labelled("api", "role=api")});
  const Container own = container("a", "blue", {{"role", "api"}});
  names(instances, {own});
  EXPECT_THAT(names(instances, {container("x", "evil", {{"role", "api"}}), own}),
              ElementsAre("api-blue=a", "api-evil=x"));
  Container down = own;
  down.state = ContainerState::exited;
  EXPECT_THAT(names(instances, {container("x", "evil", {{"role", "api"}}), down}),
              ElementsAre("api-blue=a", "api-evil=x"));
}

TEST(Instances, AStrangerWithTheSameNumberIsNamedAfterItsContainer) {
  Instances instances({service("api")});
  names(instances, {replica("a", "1")});
  Container stranger = replica("x", "1");
  stranger.name = "evil";
  EXPECT_THAT(names(instances, {stranger, replica("a", "1")}), ElementsAre("api-1=a", "api-evil=x"));
  Container number = replica("y", "1");
  number.name = "1";
  EXPECT_THAT(names(instances, {number, replica("a", "1")}), ElementsAre("api-1=a", "api-y=y"));
}

// Names of those that nothing is enforced on.
std::vector<std::string> only_watched(Instances& instances, const std::vector<Container>& containers) {
  std::vector<std::string> names;
  for (const Instance& instance : instances.assign(containers)) {
    if (!instance.only_watched.empty()) names.push_back(instance.name);
  }
  return names;
}

TEST(Instances, BesideReplicasWhatComposeDidNotMakeIsOnlyWatched) {
  Instances instances({service("api")});
  Container stranger = container("x", "evil", replica("x", "1").labels);
  Container unnumbered = container("y", "odd", replica("y", "1").labels);
  unnumbered.labels.erase("com.docker.compose.container-number");
  EXPECT_THAT(only_watched(instances, {unnumbered, stranger, replica("a", "1"), replica("b", "2")}),
              ElementsAre("api-evil", "api-odd"));
}

TEST(Instances, AloneWhatHasNoNumberIsTheService) {
  Instances instances({service("api")});
  Container unnumbered = replica("a", "1");
  unnumbered.labels.erase("com.docker.compose.container-number");
  EXPECT_THAT(only_watched(instances, {unnumbered}), IsEmpty());
}

TEST(Instances, OfALabelEachMatchIsGuarded) {
  Instances instances({labelled("api", "role=api")});
  EXPECT_THAT(
      only_watched(instances, {container("a", "one", {{"role", "api"}}), container("b", "two", {{"role", "api"}})}),
      IsEmpty());
}

TEST(Instances, ANumberIsDigitsOnly) {
  Instances instances({service("api")});
  Container odd = replica("b", "2");
  odd.name = "odd";
  odd.labels["com.docker.compose.container-number"] = "../../etc";
  EXPECT_THAT(names(instances, {odd, replica("a", "1")}), ElementsAre("api-1=a", "api-odd=b"));
}

TEST(Instances, WhatNeverRanBesideWhatRunsIsNotMeant) {
  Instances instances({labelled("api", "role=api")});
  EXPECT_THAT(names(instances, {container("a", "new", {{"role", "api"}}),
                                container("b", "old", {{"role", "api"}}, ContainerState::exited)}),
              ElementsAre("api=a"));
}

TEST(Instances, OfNamesTheRunningContainerIsMeant) {
  config::WorkloadConfig web = workload_config("web");
  web.target.selector = "abcdefabcdef";
  Instances instances({web});
  EXPECT_THAT(names(instances, {container("abcdefabcdef00", "one", {}, ContainerState::exited),
                                container("abcdefabcdef11", "two")}),
              ElementsAre("web=abcdefabcdef11"));
}

TEST(Instances, NamesThatAnotherWorkloadHasAreMadeDifferent) {
  config::WorkloadConfig other = workload_config("api-1");
  Instances instances({service("api"), other});
  EXPECT_THAT(names(instances, {replica("0123456789abcdef", "1"), replica("b", "2")}),
              ElementsAre("api-1-0123456789ab=0123456789abcdef", "api-2=b", "api-1"));
}

TEST(Instances, PausedOnesAreThereAsTheRunning) {
  Instances instances({service("api")});
  EXPECT_THAT(names(instances, {replica("a", "1", ContainerState::paused), replica("b", "2")}),
              ElementsAre("api-1=a", "api-2=b"));
}

TEST(Instances, AThousandAreGuardedAndTheRestIsCounted) {
  std::vector<Container> containers;
  for (int i = 1; i <= 1200; ++i) containers.push_back(replica("id" + std::to_string(i), std::to_string(i)));
  Instances instances({service("api"), workload_config("other")});
  const auto assigned = instances.assign(containers);
  EXPECT_THAT(assigned, SizeIs(config::kMostWorkloads));
  EXPECT_EQ(assigned.back().name, "other");
  EXPECT_EQ(instances.left_out(), 201U);
}

TEST(Instances, KeepTheirNamesOverAReload) {
  Instances before({service("api")});
  names(before, {replica("a", "1"), replica("b", "2")});
  Instances after({service("api")});
  after.inherit(before);
  EXPECT_THAT(names(after, {replica("b", "2")}), ElementsAre("api-2=b"));
  Instances changed({service("api", "shop/worker")});
  changed.inherit(before);
  EXPECT_THAT(names(changed, {replica("b", "2")}), ElementsAre("api"));
}

TEST(Instances, OfOtherKindsHaveNoContainer) {
  config::WorkloadConfig unit = workload_config("unit");
  unit.target = {sample::TargetKind::systemd_unit, "x.service", {}};
  Instances instances({unit});
  EXPECT_THAT(names(instances, {container("a", "x.service")}), ElementsAre("unit"));
}

}  // namespace
}  // namespace guard
