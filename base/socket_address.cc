#include "base/socket_address.h"

#include <charconv>
#include <cstdint>
#include <cstring>
#include <optional>
#include <string>

#include <arpa/inet.h>
#include <netinet/in.h>

namespace base {

namespace {

std::optional<std::uint16_t> parse_port(std::string_view text) {
  std::uint16_t port = 0;
  const auto* end = text.data() + text.size();
  const auto [stop, error] = std::from_chars(text.data(), end, port);
  if (error != std::errc() || stop != end) return std::nullopt;
  return port;
}

template <class Address>
SocketAddress packed(const Address& address) {
  SocketAddress packed;
  std::memcpy(&packed.storage, &address, sizeof(address));
  packed.length = sizeof(address);
  return packed;
}

std::optional<SocketAddress> parse_host(std::string host, std::uint16_t port) {
  if (host == "localhost") host = "127.0.0.1";
  if (host.size() > 2 && host.front() == '[' && host.back() == ']') {
    sockaddr_in6 six{};
    six.sin6_family = AF_INET6;
    six.sin6_port = htons(port);
    if (::inet_pton(AF_INET6, host.substr(1, host.size() - 2).c_str(), &six.sin6_addr) != 1) return std::nullopt;
    return packed(six);
  }
  sockaddr_in four{};
  four.sin_family = AF_INET;
  four.sin_port = htons(port);
  if (::inet_pton(AF_INET, host.c_str(), &four.sin_addr) != 1) return std::nullopt;
  return packed(four);
}

}  // namespace

Result<SocketAddress> parse_socket_address(std::string_view text) {
  const auto colon = text.rfind(':');
  const auto port = colon == std::string_view::npos ? std::nullopt : parse_port(text.substr(colon + 1));
  const auto address = port && *port > 0 ? parse_host(std::string(text.substr(0, colon)), *port) : std::nullopt;
  if (address) return *address;
  return fail(Code::invalid_argument, "expected an address and a port, such as 127.0.0.1:5432 or [::1]:5432");
}

Result<SocketAddress> parse_listen_address(std::string_view text) {
  const auto colon = text.rfind(':');
  const auto port = colon == std::string_view::npos ? std::nullopt : parse_port(text.substr(colon + 1));
  const std::string host(colon == 0 ? "[::]" : text.substr(0, colon));
  const auto address = port ? parse_host(host, *port) : std::nullopt;
  if (address) return *address;
  return fail(Code::invalid_argument, "not an address to listen on: \"" + std::string(text.substr(0, 100)) +
                                          "\"; write for example 127.0.0.1:8080, [::1]:8080 or :8080");
}

bool is_loopback(const SocketAddress& address) {
  constexpr std::uint8_t kLoopbackNet = 127;
  if (address.family() == AF_INET) {
    sockaddr_in four{};
    std::memcpy(&four, &address.storage, sizeof(four));
    return ntohl(four.sin_addr.s_addr) >> 24U == kLoopbackNet;
  }
  sockaddr_in6 six{};
  std::memcpy(&six, &address.storage, sizeof(six));
  const in6_addr& host = six.sin6_addr;
  return IN6_IS_ADDR_LOOPBACK(&host) || (IN6_IS_ADDR_V4MAPPED(&host) && host.s6_addr[12] == kLoopbackNet);
}

}  // namespace base
