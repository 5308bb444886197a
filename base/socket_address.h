#pragma once
// A literal address and port, as connect() wants it. Names are not looked up: that may take half a minute and block
// whoever asks. "localhost" is taken for 127.0.0.1.

#include <string_view>

#include <sys/socket.h>

#include "base/result.h"

namespace base {

struct SocketAddress {
  sockaddr_storage storage{};
  socklen_t length = 0;
  [[nodiscard]] const sockaddr* get() const { return reinterpret_cast<const sockaddr*>(&storage); }
  [[nodiscard]] int family() const { return storage.ss_family; }
};

// "127.0.0.1:5432", "[::1]:5432", "localhost:5432"; ports from 1 to 65535. Errors: invalid_argument.
Result<SocketAddress> parse_socket_address(std::string_view text);

// The same for a server: ":8080" is every address of the machine, and port 0 any port that is free.
Result<SocketAddress> parse_listen_address(std::string_view text);

// Whether only this machine can reach what listens there: 127.0.0.0/8 and ::1.
bool is_loopback(const SocketAddress& address);

}  // namespace base
