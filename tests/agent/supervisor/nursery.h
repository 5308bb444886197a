#pragma once
// A supervisor with a loop of its own, for short commands. A test says what happens on which line or event and runs
// the loop until what it waits for is true; nothing sleeps.

#include <csignal>
#include <functional>
#include <string>
#include <utility>
#include <vector>

#include <unistd.h>

#include <gtest/gtest.h>

#include "agent/supervisor/supervisor.h"

namespace agent {

class Nursery {
 public:
  Nursery() {
    signals_ = loop.on_signals({SIGCHLD}, [this](int) { supervisor.reap(); });
  }
  // A test that failed must not leave commands behind.
  ~Nursery() { supervisor.forward(SIGKILL); }
  Nursery(const Nursery&) = delete;
  Nursery& operator=(const Nursery&) = delete;

  // A shell's script under a name that no other test, run at the same time, has a cgroup of.
  static ChildOptions shell(const std::string& script, RestartPolicy restart = RestartPolicy::never) {
    ChildOptions options;
    options.name = "test-" + std::to_string(::getpid());
    options.argv = {"/bin/sh", "-c", script};
    options.restart = restart;
    return options;
  }
  void add(ChildOptions options) { supervisor.add(std::move(options)); }

  // Starts all, runs the loop until `condition` is true, and stops what still runs. Once a test.
  void run_until(std::function<bool()> condition) {
    supervisor.start_all();
    const base::Pending deadline = loop.after(std::chrono::seconds(20), [this] {
      ADD_FAILURE() << "what was waited for did not come in 20 s";
      loop.stop();
    });
    const base::Pending look = loop.every(std::chrono::milliseconds(2), [this, &condition](int) {
      if (!is_ending_ && condition()) end();
    });
    loop.run();
  }

  [[nodiscard]] guard::ChildView view() const { return *supervisor.view(name); }

  const std::string name = shell("").name;
  base::ManualClock clock;
  base::EventLoop loop{1};
  std::vector<std::string> lines;
  std::function<void(const std::string& line)> on_line = [](const std::string&) {};
  std::function<void()> on_change = [] {};
  Supervisor supervisor{loop, clock,
                        [this](const std::string&, std::string_view line) {
                          lines.emplace_back(line);
                          on_line(lines.back());
                        },
                        [this] { on_change(); }};

 private:
  void end() {
    is_ending_ = true;
    supervisor.stop_all([this] { loop.stop(); });
  }

  base::Pending signals_;
  bool is_ending_ = false;
};

}  // namespace agent
