#pragma once
// A systemd for tests: answers LoadUnit, properties and SetUnitProperties over D-Bus on a socket of its own, as the
// real one does on its private socket. Or does not answer.

#include <atomic>
#include <map>
#include <mutex>
#include <string>
#include <thread>
#include <vector>

#include <systemd/sd-bus.h>

#include "base/systemd_bus.h"
#include "tests/base/temporary_folder.h"

namespace guard::source {

class FakeSystemd {
 public:
  FakeSystemd();
  ~FakeSystemd();
  FakeSystemd(const FakeSystemd&) = delete;
  FakeSystemd& operator=(const FakeSystemd&) = delete;

  // The unit's properties are these from now on; whoever is connected is told of the change.
  void set(const std::string& unit, std::map<std::string, std::string> properties);
  // It takes connections and questions, and answers none.
  void hang(bool hangs) { hangs_ = hangs; }
  // Names and values of the last SetUnitProperties, and its unit.
  [[nodiscard]] std::vector<std::string> last_set() const;
  [[nodiscard]] base::SystemdBusOptions options(std::chrono::milliseconds timeout = std::chrono::seconds(10)) const;

 private:
  void serve();
  void serve_client(sd_bus* bus);
  int answer(sd_bus_message* message);
  static int on_message(sd_bus_message* message, void* self, sd_bus_error*);

  base::TemporaryFolder folder_;
  int listener_ = -1;
  int wake_[2] = {-1, -1};
  std::atomic<bool> is_over_ = false;
  std::atomic<bool> hangs_ = false;
  mutable std::mutex mutex_;
  std::map<std::string, std::map<std::string, std::string>> units_;
  std::vector<std::string> changed_;
  std::vector<std::string> last_set_;
  std::thread thread_;
};

}  // namespace guard::source
