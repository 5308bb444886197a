#include <algorithm>
#include <functional>
#include <iterator>
#include <map>
#include <random>

#include <gtest/gtest.h>

#include "guard/source/docker/counts.h"

namespace guard::source {
namespace {

using std::chrono::milliseconds;
using std::chrono::seconds;

const std::string kId(64, 'a');
const std::string kOtherId(64, 'b');

base::WallTime at(std::int64_t milliseconds_in) {
  return base::WallTime(seconds(1'800'000'000)) + milliseconds(milliseconds_in);
}

EngineEvent event(const std::string& kind, std::int64_t time, const std::string& id = kId) {
  return {.container_id = id, .name = "web", .kind = kind, .exit_code = std::nullopt, .at = at(time)};
}

Container running(std::uint64_t restarts, std::int64_t started, const std::string& id = kId) {
  Container container;
  container.id = id;
  container.name = "web";
  container.inspected = true;
  container.state = ContainerState::running;
  container.restart_count = restarts;
  container.started_at = at(started);
  return container;
}

Container ended(Container container, std::int64_t finished, int exit_code) {
  container.state = ContainerState::exited;
  container.finished_at = at(finished);
  container.exit_code = exit_code;
  return container;
}

TEST(Starts, OfAContainerNeverSeenAreNone) {
  const EngineCounts counts;
  EXPECT_EQ(counts.starts_of(kId), 0U);
  EXPECT_EQ(counts.oom_kills_of("web"), 0U);
  EXPECT_FALSE(counts.last_exit_of("web"));
}

TEST(Starts, OfAContainerFoundRunningIncludeItsRestarts) {
  EngineCounts counts;
  counts.on_inspection(running(4, 0), at(10'000));
  EXPECT_EQ(counts.starts_of(kId), 5U);
}

TEST(Starts, OfAContainerThatNeverStartedAreNone) {
  EngineCounts counts;
  Container created = running(0, 0);
  created.state = ContainerState::created;
  created.started_at.reset();
  counts.on_inspection(created, at(10'000));
  EXPECT_EQ(counts.starts_of(kId), 0U);
}

TEST(Starts, AreCountedAtTheirEvent) {
  EngineCounts counts;
  counts.on_inspection(running(0, 0), at(1'000));
  counts.on_event(event("start", 2'000));
  EXPECT_EQ(counts.starts_of(kId), 2U);
}

TEST(Starts, SeenByEventAndInspectionAreOne) {
  EngineCounts counts;
  counts.on_event(event("create", 0));
  counts.on_event(event("start", 100));
  counts.on_inspection(running(0, 90), at(500));
  EXPECT_EQ(counts.starts_of(kId), 1U);
}

TEST(Starts, WhoseEventComesAfterTheInspectionThatSawThemAreOne) {
  EngineCounts counts;
  counts.on_inspection(running(0, 0), at(1'000));
  counts.on_inspection(running(1, 1'990), at(2'005));
  counts.on_event(event("start", 2'000));
  EXPECT_EQ(counts.starts_of(kId), 2U);
}

TEST(Starts, AfterTheInspectionAreMore) {
  EngineCounts counts;
  counts.on_inspection(running(0, 0), at(1'000));
  counts.on_inspection(running(1, 1'990), at(2'005));
  counts.on_event(event("start", 2'006));
  EXPECT_EQ(counts.starts_of(kId), 3U);
}

TEST(Starts, WhileTheStreamWasDownAreMadeUpForByTheEnginesCount) {
  EngineCounts counts;
  counts.on_inspection(running(0, 0), at(1'000));
  counts.on_event(event("start", 2'000));
  counts.on_inspection(running(5, 9'000), at(10'000));
  EXPECT_EQ(counts.starts_of(kId), 6U);
}

TEST(Starts, ByHandWhileTheStreamWasDownAreSeenByTheirTime) {
  EngineCounts counts;
  counts.on_inspection(running(0, 0), at(1'000));
  counts.on_inspection(running(0, 5'000), at(10'000));
  EXPECT_EQ(counts.starts_of(kId), 2U);
}

TEST(Starts, ByHandAreCountedEachAlthoughAnInspectionSeesOnlyTheLast) {
  EngineCounts counts;
  counts.on_inspection(running(0, 0), at(1'000));
  counts.on_event(event("start", 2'000));
  counts.on_event(event("start", 3'000));
  counts.on_event(event("start", 4'000));
  counts.on_inspection(running(0, 3'990), at(5'000));
  EXPECT_EQ(counts.starts_of(kId), 4U);
}

TEST(Starts, AreNotYetWhileTheEngineWaitsItsBackOff) {
  EngineCounts counts;
  counts.on_inspection(running(0, 0), at(1'000));
  Container waiting = ended(running(1, 0), 1'500, 1);
  waiting.state = ContainerState::restarting;
  counts.on_inspection(waiting, at(2'000));
  EXPECT_EQ(counts.starts_of(kId), 1U);
  counts.on_event(event("start", 3'000));
  counts.on_inspection(running(1, 2'990), at(4'000));
  EXPECT_EQ(counts.starts_of(kId), 2U);
}

TEST(Starts, StayWhenTheEnginesOwnCountRunsBackwards) {
  EngineCounts counts;
  counts.on_inspection(running(7, 0), at(1'000));
  counts.on_inspection(running(0, 0), at(2'000));
  counts.on_inspection(running(1, 2'500), at(3'000));
  EXPECT_EQ(counts.starts_of(kId), 9U);
}

TEST(Starts, BeginAnewInAContainerThatIsRecreatedUnderItsName) {
  EngineCounts counts;
  counts.on_inspection(running(3, 0), at(1'000));
  counts.keep_only({kOtherId}, at(2'000));
  counts.on_event(event("start", 3'000, kOtherId));
  counts.on_inspection(running(0, 2'990, kOtherId), at(4'000));
  EXPECT_EQ(counts.starts_of(kId), 0U);
  EXPECT_EQ(counts.starts_of(kOtherId), 1U);
}

TEST(Starts, ThatAReopenedStreamRepeatsAreCountedOnce) {
  EngineCounts counts;
  counts.on_inspection(running(0, 0), at(1'000));
  EXPECT_TRUE(counts.on_event(event("start", 2'000)));
  EXPECT_FALSE(counts.on_event(event("start", 2'000)));
  EXPECT_EQ(counts.starts_of(kId), 2U);
}

TEST(Starts, FromBeforeTheLastTwoInspectionsAreKnownAlready) {
  EngineCounts counts;
  counts.on_inspection(running(0, 0), at(5'000));
  counts.on_inspection(running(0, 0), at(6'000));
  counts.on_event(event("start", 4'000));
  EXPECT_EQ(counts.starts_of(kId), 1U);
}

TEST(Starts, AreNotCountedTwiceWhenTheListWasMadeBeforeTheContainer) {
  EngineCounts counts;
  counts.on_event(event("start", 2'000));
  counts.keep_only({}, at(1'000));
  counts.on_inspection(running(0, 1'990), at(3'000));
  EXPECT_EQ(counts.starts_of(kId), 1U);
}

TEST(Starts, IgnoreAnInspectionThatALaterOneOvertook) {
  EngineCounts counts;
  counts.on_inspection(running(2, 4'000), at(5'000));
  counts.on_inspection(running(1, 2'000), at(3'000));
  EXPECT_EQ(counts.starts_of(kId), 3U);
}

TEST(OomKills, AreCountedAtTheirEvent) {
  EngineCounts counts;
  counts.on_event(event("oom", 2'000));
  counts.on_event(event("oom", 3'000));
  EXPECT_EQ(counts.oom_kills_of("web"), 2U);
}

TEST(OomKills, AreSeenByTheFlagWhenTheEventWasLost) {
  EngineCounts counts;
  Container killed = ended(running(0, 0), 1'000, 137);
  killed.oom_killed = true;
  counts.on_inspection(killed, at(2'000));
  counts.on_inspection(killed, at(3'000));
  EXPECT_EQ(counts.oom_kills_of("web"), 1U);
}

TEST(OomKills, ByEventAndFlagAreOne) {
  EngineCounts counts;
  Container killed = ended(running(0, 0), 1'000, 137);
  killed.oom_killed = true;
  counts.on_event(event("oom", 900));
  counts.on_inspection(killed, at(2'000));
  EXPECT_EQ(counts.oom_kills_of("web"), 1U);
}

TEST(OomKills, WhoseEventComesAfterTheFlagAreOne) {
  EngineCounts counts;
  Container killed = ended(running(0, 0), 1'000, 137);
  killed.oom_killed = true;
  counts.on_inspection(killed, at(2'000));
  counts.on_event(event("oom", 1'100));
  EXPECT_EQ(counts.oom_kills_of("web"), 1U);
}

TEST(OomKills, OfTheNextRunAreMore) {
  EngineCounts counts;
  Container killed = ended(running(0, 0), 1'000, 137);
  killed.oom_killed = true;
  counts.on_inspection(killed, at(2'000));
  counts.on_event(event("oom", 9'000));
  EXPECT_EQ(counts.oom_kills_of("web"), 2U);
  Container again = ended(running(1, 20'000), 21'000, 137);
  again.oom_killed = true;
  counts.on_inspection(again, at(22'000));
  EXPECT_EQ(counts.oom_kills_of("web"), 3U);
}

// The engine keeps the flag of a run that ended by a kill while the next one goes on.
TEST(OomKills, OfTheRunBeforeAreNotThoseOfTheNext) {
  EngineCounts counts;
  counts.on_event(event("start", 0));
  counts.on_event(event("oom", 900));
  counts.on_event(event("start", 2'000));
  Container next = running(1, 2'000);
  next.oom_killed = true;
  counts.on_inspection(next, at(2'500));
  counts.on_inspection(next, at(3'500));
  EXPECT_EQ(counts.oom_kills_of("web"), 1U);
  counts.on_event(event("oom", 20'000));
  EXPECT_EQ(counts.oom_kills_of("web"), 2U);
}

// One container whose runs are killed or not, as an engine tells it: two streams of news, each late by its own delay.
class LateEngine {
 public:
  explicit LateEngine(unsigned seed) : random_(seed) {
    std::int64_t now = 0;
    Container container = running(0, 0);
    for (std::uint64_t run = 0; run < 4; ++run) {
      const bool is_killed = between(0, 3) > 0;
      container.state = ContainerState::running;
      container.restart_count = run;
      container.started_at = at(now);
      change(now, container);  // the flag of the run before stays
      publish(now + 1, event("start", now + 1));
      const std::int64_t killed = now + between(5, 3'000);
      const std::int64_t died = killed + between(1, 300);
      // The engine may hear of the kill before it hears of the death, or after.
      const std::int64_t heard = is_killed ? (between(0, 1) == 0 ? killed : died + between(1, 200)) : died;
      const auto kill = [&] {
        container.oom_killed = true;
        change(heard, container);
        publish(heard, event("oom", heard));
        ++kills_;
      };
      if (is_killed && heard < died) kill();
      container.state = ContainerState::restarting;
      container.finished_at = at(died);
      container.oom_killed = is_killed && heard < died;
      change(died, container);
      publish(died, event("die", died));
      if (is_killed && heard > died) kill();
      now = std::max(died, heard) + between(100, 1'500);
    }
    container.state = ContainerState::exited;
    change(now, container);
    for (std::int64_t time = between(0, 1'000); time < now; time += between(50, 2'000)) inspect(time);
    inspect(now + 5'000);
  }

  // All the news, in the order in which they reach the guard.
  [[nodiscard]] std::uint64_t counted() const {
    EngineCounts counts;
    for (const auto& [time, news] : news_) news(counts);
    return counts.oom_kills_of("web");
  }
  [[nodiscard]] std::uint64_t kills() const { return kills_; }

 private:
  std::int64_t between(std::int64_t least, std::int64_t most) {
    return std::uniform_int_distribution<std::int64_t>(least, most)(random_);
  }
  void change(std::int64_t time, const Container& container) { states_.insert_or_assign(time, container); }
  // Events stay in their order, however late each is.
  void publish(std::int64_t time, const EngineEvent& published) {
    last_event_ = std::max(last_event_, time + between(0, 1'500));
    news_.emplace(last_event_, [published](EngineCounts& counts) { counts.on_event(published); });
  }
  void inspect(std::int64_t time) {
    const Container seen = std::prev(states_.upper_bound(time))->second;
    news_.emplace(time + between(1, 300), [seen, time](EngineCounts& counts) { counts.on_inspection(seen, at(time)); });
  }

  std::mt19937 random_;
  std::map<std::int64_t, Container> states_;
  std::multimap<std::int64_t, std::function<void(EngineCounts&)>> news_;
  std::int64_t last_event_ = 0;
  std::uint64_t kills_ = 0;
};

TEST(OomKills, AreCountedOnceHoweverLateEventsAndInspectionsAre) {
  unsigned wrong = 0;
  for (unsigned seed = 0; seed < 20'000; ++seed) {
    const LateEngine engine(seed);
    if (engine.counted() == engine.kills()) continue;
    if (++wrong <= 3) ADD_FAILURE() << "seed " << seed << ": counted " << engine.counted() << " of " << engine.kills();
  }
  EXPECT_EQ(wrong, 0U);
}

TEST(OomKills, AreNoneWithoutEventAndFlag) {
  EngineCounts counts;
  counts.on_inspection(ended(running(0, 0), 1'000, 137), at(2'000));
  EXPECT_EQ(counts.oom_kills_of("web"), 0U);
}

TEST(LastExit, IsThatOfTheEvent) {
  EngineCounts counts;
  EngineEvent died = event("die", 2'000);
  died.exit_code = 3;
  counts.on_event(died);
  ASSERT_TRUE(counts.last_exit_of("web"));
  EXPECT_EQ(counts.last_exit_of("web")->exit_code, 3);
  EXPECT_FALSE(counts.last_exit_of("web")->oom_killed);
}

TEST(LastExit, OutlivesTheNextStart) {
  EngineCounts counts;
  EngineEvent died = event("die", 2'000);
  died.exit_code = 3;
  counts.on_event(died);
  counts.on_event(event("start", 2'500));
  Container again = running(1, 2'490);
  again.finished_at = at(1'990);
  counts.on_inspection(again, at(3'000));
  EXPECT_EQ(counts.last_exit_of("web")->exit_code, 3);
}

TEST(LastExit, IsAnOomKillWhicheverOfTheTwoEventsComesFirst) {
  for (const bool oom_first : {true, false}) {
    EngineCounts counts;
    EngineEvent died = event("die", 2'000);
    died.exit_code = 137;
    if (oom_first) counts.on_event(event("oom", 1'990));
    counts.on_event(died);
    if (!oom_first) counts.on_event(event("oom", 2'010));
    EXPECT_TRUE(counts.last_exit_of("web")->oom_killed) << oom_first;
  }
}

TEST(LastExit, IsNoOomKillWhenTheKillWasARunAgo) {
  EngineCounts counts;
  counts.on_event(event("oom", 1'000));
  counts.on_event(event("die", 1'010));
  counts.on_event(event("start", 2'000));
  counts.on_event(event("die", 3'000));
  EXPECT_FALSE(counts.last_exit_of("web")->oom_killed);
}

TEST(LastExit, IsReadFromAStoppedContainerWhenTheEventWasLost) {
  EngineCounts counts;
  counts.on_inspection(ended(running(0, 0), 1'000, 4), at(2'000));
  ASSERT_TRUE(counts.last_exit_of("web"));
  EXPECT_EQ(counts.last_exit_of("web")->exit_code, 4);
  EXPECT_EQ(counts.last_exit_of("web")->at, at(1'000));
}

TEST(Bounds, TheNameHeardOfLeastRecentlyGoesFirst) {
  EngineCounts counts;
  for (std::size_t index = 0; index <= EngineCounts::kMaxNames; ++index) {
    EngineEvent died = event("die", static_cast<std::int64_t>(index), "id" + std::to_string(index));
    died.name = "name" + std::to_string(index);
    counts.on_event(died);
  }
  EXPECT_FALSE(counts.last_exit_of("name0"));
  EXPECT_TRUE(counts.last_exit_of("name1"));
  EXPECT_TRUE(counts.last_exit_of("name" + std::to_string(EngineCounts::kMaxNames)));
}

}  // namespace
}  // namespace guard::source
