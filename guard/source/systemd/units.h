#pragma once
// Follows units of systemd on a thread of its own: they are read again when systemd says that they changed, and every
// few seconds. What was read is posted to the loop, which never waits for the bus. A bus that is missing, hangs or is
// lost makes the view down, with the reason; it is tried again.

#include <chrono>
#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <string>
#include <vector>

#include "base/clock.h"
#include "base/event_loop.h"
#include "base/result.h"
#include "base/systemd_bus.h"
#include "guard/source/systemd/unit.h"

namespace guard::source {

struct SystemdUnitsOptions {
  base::SystemdBusOptions bus;
  std::string root = "/";  // of the cgroups in which users' units are looked for
  std::chrono::milliseconds interval{2'000};
  std::chrono::milliseconds retry{2'000};  // after a failure of the bus
};

// As of the last round.
struct SystemdView {
  bool up = false;
  std::string why = "systemd has not been asked yet";
  std::map<std::string, base::Result<SystemdUnit>, std::less<>> units;
  base::Duration took{0};
  std::uint64_t errors = 0;  // counter: rounds that failed
};

// All members are the loop's thread's.
class SystemdUnits {
 public:
  // `wake` is called when what is known of a unit has changed. `loop` must outlive it.
  SystemdUnits(SystemdUnitsOptions options, std::vector<std::string> units, base::EventLoop& loop,
               std::function<void()> wake);
  // Waits for the call under way: at most a bus timeout.
  ~SystemdUnits();
  SystemdUnits(const SystemdUnits&) = delete;
  SystemdUnits& operator=(const SystemdUnits&) = delete;

  // For a reload: others are followed from now on.
  void follow(std::vector<std::string> units, std::function<void()> wake);
  [[nodiscard]] const SystemdView& view() const;

 private:
  struct State;
  std::shared_ptr<State> state_;
};

}  // namespace guard::source
