#include "agent/web/web.h"

#include <gtest/gtest.h>

namespace agent {
namespace {

TEST(WebHosts, OnLoopbackAreThoseOfLoopbackAndTheAllowedOnes) {
  const HostRules plain{.on_loopback = true, .allowed_hosts = {}};
  for (const char* host : {"127.0.0.1:10780", "localhost:10780", "[::1]:10780", ""})
    EXPECT_TRUE(is_right_host(host, plain)) << host;
  for (const char* host : {"evil.example:10780", "192.0.2.1:10780", "guard.example"})
    EXPECT_FALSE(is_right_host(host, plain)) << host;

  const HostRules named{.on_loopback = true, .allowed_hosts = {"guard.example"}};
  EXPECT_TRUE(is_right_host("guard.example:443", named)) << "a proxy on this machine";
  EXPECT_FALSE(is_right_host("evil.example", named));
}

TEST(WebHosts, ElsewhereAreAllUntilSomeAreNamed) {
  const HostRules open{.on_loopback = false, .allowed_hosts = {}};
  EXPECT_TRUE(is_right_host("myhost:10780", open));

  const HostRules named{.on_loopback = false, .allowed_hosts = {"leakguard"}};
  for (const char* host : {"leakguard:10780", "127.0.0.1:10780", "172.18.0.3:10780", "[2001:db8::1]:10780"})
    EXPECT_TRUE(is_right_host(host, named)) << host;
  for (const char* host : {"evil.example:10780", "172.18.0.3.evil.example"})
    EXPECT_FALSE(is_right_host(host, named)) << host;
}

}  // namespace
}  // namespace agent
