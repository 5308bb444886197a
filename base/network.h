#pragma once
// The key for per-client limits on unauthenticated requests.

#include <string>

namespace base {

// The IPv4 address, or the /64 prefix of an IPv6 address; another text is its own network.
std::string network_of(const std::string& peer);

}  // namespace base
