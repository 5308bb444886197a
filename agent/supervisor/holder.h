#pragma once
// The agent's side of one holder (agent/supervisor/holder_process.h): found again by name, or started, and spoken to.
// It is at FOLDER/NAME.sock, or at an abstract socket where there is no folder. It also has a second, abstract socket,
// by which it is found when the folder was removed while no agent ran.

#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "agent/supervisor/holder_wire.h"
#include "base/event_loop.h"
#include "base/result.h"

namespace agent {

struct HolderListener {
  // At connection and at every change. `output` is the read end of the command's output, which the listener closes; -1
  // when there is none.
  std::function<void(const HolderMessage& state, int output)> on_state;
  // It is gone without having been asked to go. The holder may be destroyed from within.
  std::function<void()> on_lost;
};

// All members on the loop's thread.
class Holder {
 public:
  // Nothing when there is none of this name. Errors: conflict (it serves another agent), permission_denied (it is
  // somebody else's).
  static base::Result<std::unique_ptr<Holder>> find(base::EventLoop& loop, const std::string& folder,
                                                    const std::string& name, HolderListener listener);
  static base::Result<std::unique_ptr<Holder>> create(base::EventLoop& loop, const std::string& folder,
                                                      const std::string& name, HolderListener listener);
  ~Holder();
  Holder(const Holder&) = delete;
  Holder& operator=(const Holder&) = delete;

  // `note` is what a later agent is to know; it comes back with every state.
  base::Status launch(const SpawnRequest& request, const std::string& note);
  void note(const std::string& text) const;
  void signal(int number) const;
  // Its process, when this agent has started it; else 0.
  [[nodiscard]] std::int64_t pid() const { return pid_; }
  // It ends as soon as no command runs, and no later agent finds it.
  void quit();

 private:
  Holder(base::EventLoop& loop, std::string folder, std::string name, int socket, HolderListener listener);
  void receive();

  const std::string folder_;
  const std::string name_;
  const int socket_;
  const HolderListener listener_;
  std::int64_t pid_ = 0;
  base::Pending watch_;
};

// The process of a holder of this name that is the parent of one of these processes; 0 when none of them has one. For a
// holder that cannot be reached.
std::int64_t find_holder_process(const std::vector<std::int64_t>& pids, const std::string& name);
// The folder of the sockets, made for the agent's user alone. Errors: permission_denied (it is somebody else's), else
// from errno.
base::Status make_holder_folder(const std::string& folder);
// Whose sockets are in the folder.
std::vector<std::string> holder_names(const std::string& folder);

}  // namespace agent
