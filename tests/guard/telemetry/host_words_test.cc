#include <gtest/gtest.h>

#include "guard/telemetry/status_text.h"

namespace guard::telemetry {
namespace {

TEST(HostWords, AreNoneWhereNothingHappened) {
  sample::Host host;
  host.oom_kills = std::uint64_t{9};  // before the agent was started
  EXPECT_TRUE(describe_host(host).empty());
}

TEST(HostWords, NameTheLastVictimAndItsWorkload) {
  sample::Host host;
  host.oom_kills_seen = 2;
  host.oom_victims.push_back({42, "python3", "/docker/3f2a", "web", true, {}});
  ASSERT_EQ(describe_host(host).size(), 1U);
  EXPECT_EQ(describe_host(host)[0],
            "the OOM killer ended processes on this machine 2 times since the agent was started; the last one was "
            "process 42 (python3) of web: the machine was out of memory");
}

TEST(HostWords, SayWhenTheVictimsCannotBeKnown) {
  sample::Host host;
  host.oom_kills_seen = 1;
  host.kernel_log_why = "/dev/kmsg: Permission denied";
  EXPECT_EQ(describe_host(host).at(0),
            "the OOM killer ended processes on this machine once since the agent was started; which ones is not known: "
            "/dev/kmsg: Permission denied");
}

TEST(HostWords, NameAMountThatHangs) {
  sample::Host host;
  host.unread_mounts.push_back({"/srv", "statvfs has not answered for 1m"});
  EXPECT_EQ(describe_host(host).at(0), "mount /srv cannot be read: statvfs has not answered for 1m");
}

}  // namespace
}  // namespace guard::telemetry
