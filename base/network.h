#pragma once
// Whom a limit counts as one client where nobody has a name.

#include <string>

namespace base {

// Who is limited together where nobody has a name: an IPv4 address, or the 64 bits of an IPv6 one that a network has.
std::string network_of(const std::string& peer);

}  // namespace base
