#pragma once
// What systemd wants to hear from a service of Type=notify: ready, reloading, alive (watchdog), stopping. Does nothing
// where NOTIFY_SOCKET is not set.

#include <chrono>
#include <optional>

namespace agent {

void notify_ready();
void notify_stopping();
void notify_alive();
// How often notify_alive is expected at the latest; nothing without a watchdog. Half of it is a good beat.
std::optional<std::chrono::microseconds> watchdog_interval();

}  // namespace agent
