#include <atomic>
#include <cerrno>
#include <future>
#include <memory>

#include <sys/statvfs.h>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "guard/source/host/mounts.h"

namespace guard::source {
namespace {

using std::chrono::seconds;
using testing::HasSubstr;

const base::SteadyTime kBegin(seconds(1000));

// A file system whose server is gone until it is let go. It answers for "/hung" only; "/" answers at once.
struct Server {
  std::promise<void> back;
  std::shared_future<void> is_back = back.get_future().share();
  std::atomic<int> asked = 0;
  std::atomic<int> answered = 0;

  HostMounts::Ask ask() {
    return [this](const std::string& path, struct statvfs& status) {
      status.f_frsize = 4096;
      status.f_blocks = 100;
      status.f_bavail = 40;
      if (path != "/hung") return 0;
      ++asked;
      is_back.wait();
      ++answered;
      answered.notify_all();
      return 0;
    };
  }
  void come_back() {
    back.set_value();
    answered.wait(0);
  }
};

sample::Host read(HostMounts& mounts, base::SteadyTime now) {
  sample::Host host;
  mounts.read(now, host);
  return host;
}

TEST(Mounts, AreReadWhereTheyAre) {
  HostMounts mounts(FIXTURES "/proc_tree", {"/var", "/nowhere"});
  const sample::Host host = read(mounts, kBegin);
  ASSERT_EQ(host.disks.size(), 1U);
  EXPECT_EQ(host.disks[0].mount, "/var");
  EXPECT_GT(host.disks[0].size.count, 0);
  EXPECT_LE(host.disks[0].available, host.disks[0].size);
  ASSERT_EQ(host.unread_mounts.size(), 1U);
  EXPECT_EQ(host.unread_mounts[0].mount, "/nowhere");
  EXPECT_THAT(host.unread_mounts[0].why, HasSubstr("No such file"));
}

TEST(Mounts, OneThatHangsHidesNoOther) {
  Server server;
  HostMounts mounts("/", {"/hung", "/"}, server.ask());
  const sample::Host host = read(mounts, kBegin);
  ASSERT_EQ(host.disks.size(), 1U);
  EXPECT_EQ(host.disks[0].mount, "/");
  EXPECT_EQ(host.disks[0].available, base::Bytes{40 * 4096});
  ASSERT_EQ(host.unread_mounts.size(), 1U);
  EXPECT_EQ(host.unread_mounts[0].mount, "/hung");
  server.come_back();
}

TEST(Mounts, OneThatHangsIsNotAskedAgainUntilItsCallReturns) {
  Server server;
  HostMounts mounts("/", {"/hung"}, server.ask());
  for (int second = 0; second <= 60; ++second) (void)read(mounts, kBegin + seconds(second));
  EXPECT_EQ(server.asked, 1);
  EXPECT_THAT(read(mounts, kBegin + seconds(60)).unread_mounts.at(0).why, HasSubstr("has not answered for 1m"));
  server.come_back();
}

TEST(Mounts, OneThatComesBackIsReadAgain) {
  Server server;
  HostMounts mounts("/", {"/hung"}, server.ask());
  EXPECT_TRUE(read(mounts, kBegin).disks.empty());
  server.come_back();
  // The call has returned; that its thread has said so is a matter of the next looks.
  bool is_read = false;
  for (int second = 1; second < 1000 && !is_read; ++second)
    is_read = !read(mounts, kBegin + seconds(second)).disks.empty();
  EXPECT_TRUE(is_read);
}

TEST(Mounts, OneThatHangsHoldsNobodyAtTheEnd) {
  auto server = std::make_shared<Server>();
  const auto ask = [server, ask = server->ask()](const std::string& path, struct statvfs& status) {
    return ask(path, status);
  };
  {
    HostMounts mounts("/", {"/hung"}, ask);
    (void)read(mounts, kBegin);
  }
  EXPECT_EQ(server->answered, 0);
  server->come_back();
}

TEST(Mounts, TellWhatTheKernelRefused) {
  HostMounts mounts("/", {"/x"}, [](const std::string&, struct statvfs&) { return EACCES; });
  EXPECT_THAT(read(mounts, kBegin).unread_mounts.at(0).why, HasSubstr("Permission denied"));
}

}  // namespace
}  // namespace guard::source
