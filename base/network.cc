#include "base/network.h"

#include <algorithm>
#include <array>
#include <cstdint>

#include <arpa/inet.h>
#include <netinet/in.h>

namespace base {

std::string network_of(const std::string& peer) {
  in6_addr address{};
  if (inet_pton(AF_INET6, peer.c_str(), &address) != 1) return peer;
  std::array<char, INET6_ADDRSTRLEN> text{};
  if (IN6_IS_ADDR_V4MAPPED(&address) != 0) {
    return inet_ntop(AF_INET, address.s6_addr + 12, text.data(), text.size()) ? text.data() : peer;
  }
  std::fill(address.s6_addr + 8, address.s6_addr + 16, std::uint8_t{0});
  return inet_ntop(AF_INET6, &address, text.data(), text.size()) ? std::string(text.data()) + "/64" : peer;
}

}  // namespace base
