#include "chatcore/command/service_manager.h"

#include <array>
#include <cstdint>

#include <arpa/inet.h>
#include <netinet/in.h>
#include <sys/socket.h>
#include <time.h>

#include <systemd/sd-daemon.h>

namespace chatcore::command {
namespace {

base::Result<std::string> address_of(int fd) {
  sockaddr_storage storage{};
  socklen_t length = sizeof storage;
  std::array<char, INET6_ADDRSTRLEN> text{};
  const std::string context = "the socket passed as descriptor " + std::to_string(fd);
  if (getsockname(fd, reinterpret_cast<sockaddr*>(&storage), &length) != 0) {
    return base::fail(base::error_from_errno(errno, context));
  }
  if (storage.ss_family == AF_INET) {
    const auto& v4 = reinterpret_cast<const sockaddr_in&>(storage);
    inet_ntop(AF_INET, &v4.sin_addr, text.data(), text.size());
    return text.data() + (":" + std::to_string(ntohs(v4.sin_port)));
  }
  if (storage.ss_family == AF_INET6) {
    const auto& v6 = reinterpret_cast<const sockaddr_in6&>(storage);
    inet_ntop(AF_INET6, &v6.sin6_addr, text.data(), text.size());
    return "[" + std::string(text.data()) + "]:" + std::to_string(ntohs(v6.sin6_port));
  }
  return base::fail(base::Code::invalid_argument, context + " is no internet socket");
}

}  // namespace

base::Result<std::vector<PassedSocket>> take_passed_sockets() {
  const int count = sd_listen_fds(1);
  if (count < 0) return base::fail(base::error_from_errno(-count, "read LISTEN_FDS"));
  std::vector<PassedSocket> sockets;
  for (int fd = SD_LISTEN_FDS_START; fd < SD_LISTEN_FDS_START + count; ++fd) {
    auto address = address_of(fd);
    if (!address) return base::fail(address.error());
    sockets.push_back({fd, std::move(*address)});
  }
  return sockets;
}

void notify_ready() { sd_notify(0, "READY=1"); }

void notify_reloading() {
  // The manager orders this message and READY=1 that follows by the time in it.
  timespec now{};
  clock_gettime(CLOCK_MONOTONIC, &now);
  const auto microseconds = static_cast<std::int64_t>(now.tv_sec) * 1'000'000 + now.tv_nsec / 1'000;
  sd_notify(0, ("RELOADING=1\nMONOTONIC_USEC=" + std::to_string(microseconds)).c_str());
}

void notify_stopping() { sd_notify(0, "STOPPING=1"); }

void notify_alive() { sd_notify(0, "WATCHDOG=1"); }

std::chrono::microseconds watchdog_time() {
  std::uint64_t microseconds = 0;
  if (sd_watchdog_enabled(0, &microseconds) <= 0) return std::chrono::microseconds(0);
  return std::chrono::microseconds(microseconds);
}

}  // namespace chatcore::command
