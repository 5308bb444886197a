#pragma once
// Asks systemd (PID 1) over D-Bus: properties of units, and changes of them. Every call blocks for at most the timeout,
// so it belongs on a worker's thread; one connection is used by one thread only.
//
// root uses the manager's private socket, which needs no message bus and no polkit; others use the system bus.

#include <chrono>
#include <cstdint>
#include <memory>
#include <set>
#include <string>
#include <utility>
#include <vector>

#include "base/result.h"

namespace base {

struct SystemdBusOptions {
  std::string private_socket = "/run/systemd/private";
  std::string system_bus = "/run/dbus/system_bus_socket";
  std::chrono::milliseconds timeout{5'000};  // of each call, and of connecting: a daemon-reload takes its time
};

class SystemdBus {
 public:
  // Errors: unavailable (no systemd or no bus here), permission_denied, deadline_exceeded (it does not answer).
  static Result<SystemdBus> connect(const SystemdBusOptions& options = {});
  SystemdBus(SystemdBus&&) noexcept;
  SystemdBus& operator=(SystemdBus&&) noexcept;
  ~SystemdBus();

  // False once the connection is lost or a call got no answer in time: connect again.
  [[nodiscard]] bool is_usable() const;

  // The object of the unit, which systemd loads from its file where it is not in memory. A name that systemd does not
  // know has an object too, whose LoadState is "not-found". Errors: invalid_argument (not a unit's name); as connect.
  Result<std::string> load_unit(const std::string& unit);
  // A property as text: strings as they are, numbers in decimal, byte arrays in hex. Other types are corrupt.
  // `interface` is the last part of its name: "Unit", "Service".
  Result<std::string> property(const std::string& object, const std::string& interface, const std::string& name);
  // Sets properties of type t (uint64) until the next boot; a daemon-reload keeps them. Errors: not_found (no such unit
  // is loaded), permission_denied, invalid_argument (systemd refuses a value); as connect.
  Status set_properties(const std::string& unit, const std::vector<std::pair<std::string, std::uint64_t>>& properties);

  // From now on changes of units are noticed.
  Status subscribe();
  // Waits until a unit changes, `wake_fd` is readable or the time is over. The objects that changed.
  std::set<std::string> wait_for_changes(std::chrono::milliseconds most, int wake_fd);

 private:
  struct Impl;
  explicit SystemdBus(std::unique_ptr<Impl> impl);
  std::unique_ptr<Impl> impl_;
};

}  // namespace base
