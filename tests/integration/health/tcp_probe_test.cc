#include <sched.h>

#include <gtest/gtest.h>

#include "base/socket_address.h"
#include "guard/source/probe/tcp.h"
#include "tests/base/streaming.h"
#include "tests/integration/health/asker.h"

namespace guard::source {
namespace {

using base::RawServer;
using std::chrono::milliseconds;
using std::chrono::seconds;

std::string address_of(std::uint16_t port) { return "127.0.0.1:" + std::to_string(port); }

ProbeAnswer answer_of(const std::string& address, base::Duration timeout = seconds(5)) {
  Asker asker;
  asker.tcp(address, timeout);
  return asker.answer();
}

TEST(TcpProbe, PassesWhenAConnectionCanBeMade) {
  RawServer peer;
  EXPECT_EQ(answer_of(address_of(peer.port)), ProbeAnswer::passed());
  EXPECT_EQ(answer_of("localhost:" + std::to_string(peer.port)), ProbeAnswer::passed());
}

TEST(TcpProbe, FailsWhenNobodyListens) {
  std::uint16_t port = 0;
  {
    RawServer gone;
    port = gone.port;
  }
  EXPECT_EQ(answer_of(address_of(port)), ProbeAnswer::failed("Connection refused"));
}

// A listener whose queue is full: the kernel answers nothing.
TEST(TcpProbe, FailsWhenNobodyAccepts) {
  RawServer peer(0, 0);
  std::vector<int> crowd;
  for (int i = 0; i < 4; ++i) {
    const auto address = base::parse_socket_address(address_of(peer.port));
    crowd.push_back(::socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0));
    (void)::connect(crowd.back(), address->get(), address->length);
  }
  EXPECT_EQ(answer_of(address_of(peer.port), milliseconds(200)), ProbeAnswer::failed("no connection within 200ms"));
  for (const int fd : crowd) ::close(fd);
}

TEST(TcpProbe, SaysNothingOfTheWorkloadWhenNoDescriptorIsFree) {
  RawServer peer;
  Asker asker;
  const NoDescriptorsLeft none;
  asker.tcp(address_of(peer.port), seconds(2));
  EXPECT_EQ(asker.answer(), ProbeAnswer::unable("Too many open files"));
}

TEST(TcpProbe, SaysNothingOfTheWorkloadWhenThisMachineHasNoNetwork) {
  ProbeAnswer answer;
  bool may_unshare = false;
  std::thread([&] {
    may_unshare = ::unshare(CLONE_NEWNET) == 0;  // of this thread, and of those that it starts
    if (may_unshare) answer = answer_of("192.0.2.1:80");
  }).join();
  if (!may_unshare) GTEST_SKIP() << "a network namespace needs root";
  EXPECT_EQ(answer, ProbeAnswer::unable("Network is unreachable"));
}

TEST(TcpProbe, IsNotAnsweredOnceItIsGivenUp) {
  RawServer peer;
  Asker asker;
  asker.tcp_given_up(address_of(peer.port), seconds(5));
  asker.tcp(address_of(peer.port), seconds(5));
  EXPECT_EQ(asker.answer(), ProbeAnswer::passed()) << "a second answer to one question would throw";
}

}  // namespace
}  // namespace guard::source
