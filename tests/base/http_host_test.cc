#include "base/http_host.h"

#include <gtest/gtest.h>

namespace base {
namespace {

TEST(OwnHost, IsANameOrAddressOfLoopback) {
  for (const char* host : {"localhost", "LOCALHOST:80", "localhost.:8080", "127.0.0.1:8080", "127.3.4.5", "[::1]:80",
                           "chat.localhost", ""})
    EXPECT_TRUE(is_own_host(host, {})) << host;
  for (const char* host :
       {"evil.example", "evil.example:8080", "127.0.0.1.evil.example", "localhost.evil.example", "evillocalhost",
        "128.0.0.1", "0.0.0.0", "[::2]:80", "127.1", "2130706433", "[", "[]", ":80"})
    EXPECT_FALSE(is_own_host(host, {})) << host;
}

TEST(OwnHost, IsAnAllowedNameInAnyCase) {
  EXPECT_TRUE(is_own_host("guard.example:10780", {"Guard.Example"}));
  EXPECT_TRUE(is_own_host("GUARD.example.", {"guard.example"}));
  EXPECT_TRUE(is_own_host("[2001:db8::1]:80", {"2001:db8::1"}));
  EXPECT_FALSE(is_own_host("evil.guard.example", {"guard.example"}));
  EXPECT_FALSE(is_own_host("guard.example.evil", {"guard.example"}));
}

TEST(NumericHost, IsAnAddressWithOrWithoutPort) {
  for (const char* host : {"192.0.2.1", "192.0.2.1:80", "[2001:db8::1]:80", "[::]", "0.0.0.0:1"})
    EXPECT_TRUE(is_numeric_host(host)) << host;
  for (const char* host : {"", "guard", "192.0.2.1.evil.example", "2130706433", "1.2.3", "0x7f.0.0.1", "192.0.2.1."})
    EXPECT_FALSE(is_numeric_host(host)) << host;
}

TEST(BareHost, HasNoSchemePortBracketsOrWildcard) {
  for (const char* name : {"guard", "guard.example.org", "192.0.2.1", "::1"}) EXPECT_TRUE(is_bare_host(name)) << name;
  for (const char* name : {"", "guard:80", "http://guard", "*.example.org", "[::1]", "a b", "a/b"})
    EXPECT_FALSE(is_bare_host(name)) << name;
}

}  // namespace
}  // namespace base
