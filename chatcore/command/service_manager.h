#pragma once
// What systemd and chatcore tell each other: sockets that were opened before the program was started, that it is ready,
// reloads or stops, and the watchdog's food. Without a service manager all of it does nothing.

#include <chrono>
#include <string>
#include <vector>

#include "base/result.h"

namespace chatcore::command {

struct PassedSocket {
  int fd = -1;
  std::string address;  // numeric, with its port: "127.0.0.1:8080", "[::1]:8080"
};

// The sockets passed by LISTEN_FDS, closed to programs that this one starts; once only. Errors: those of reading the
// variables, invalid_argument for one that is no internet socket.
base::Result<std::vector<PassedSocket>> take_passed_sockets();

void notify_ready();
void notify_reloading();
void notify_stopping();
void notify_alive();  // the watchdog's food
// The time in which the service manager wants to hear of us; 0 when it does not.
std::chrono::microseconds watchdog_time();

}  // namespace chatcore::command
