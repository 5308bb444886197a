// Addresses to connect to: what is taken is an address of a family that there is, with a port, and as long as it says.

#include <netinet/in.h>

#include "../fuzz.h"
#include "base/socket_address.h"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const auto text = fuzz::text_of(data, size);
  const auto address = base::parse_socket_address(text);
  if (!address) return 0;
  const bool is_four = address->family() == AF_INET && address->length == sizeof(sockaddr_in);
  const bool is_six = address->family() == AF_INET6 && address->length == sizeof(sockaddr_in6);
  fuzz::require(is_four || is_six, "an address is of its family's length");
  fuzz::require(text.find(':') != std::string_view::npos, "an address has a port");
  return 0;
}
