#pragma once
// The engine calls that act on a container: a fixed set of verbs on an explicit container ID. The engine's socket gives
// root access to the host, so no external path, name or body reaches it: an ID must be 64 hex digits, and bodies are
// built here from numbers.
//
// All calls block: use a Worker. Errors: invalid_argument (ID, caps, or HTTP 400), not_found (404), conflict (409),
// permission_denied, unavailable (no engine, or 5xx with its message), deadline_exceeded, corrupt, cancelled. Errors
// contain the engine's message; see is_permanent_refusal.

#include <chrono>
#include <stop_token>
#include <string>
#include <string_view>

#include "base/result.h"
#include "base/units.h"
#include "guard/sample/caps.h"

namespace guard::action {

// Whether a retry of the same request would be refused again: the engine or the kernel understood and rejected it.
// False when it was unreachable or busy.
bool is_permanent_refusal(const base::Error& error);

struct EngineControlOptions {
  std::string socket = "/var/run/docker.sock";
  std::chrono::milliseconds timeout{15'000};  // in addition to a drain time
};

// Thread-safe; stateless.
class EngineControl {
 public:
  explicit EngineControl(EngineControlOptions options, std::stop_token stop = {});

  // Sets the fields of `caps` and leaves the others. memory_high is ignored, since engines have no such setting. Reads
  // the current limits first, since the engine refuses inconsistent combinations:
  //  - swap follows memory where required: never below it, and none where there was none. Unlimited swap stays;
  //  - a reservation above the new memory limit is lowered to it (a requested one above it is invalid_argument);
  //  - a container created with a CPU quota and period gets a quota, others the engine's CPU count.
  // Podman's Docker-compatible API has no such call; its own API is used there (since 4.3).
  base::Status update_caps(const std::string& container_id, const sample::Caps& caps) const;
  // Sends the stop signal, waits up to `drain` (rounded up to seconds), sends SIGKILL, and starts. Returns when
  // started.
  base::Status restart(const std::string& container_id, std::chrono::nanoseconds drain) const;
  // Like restart, without the start. Success when the container is already stopped.
  base::Status stop(const std::string& container_id, std::chrono::nanoseconds drain) const;
  // Success when the container already runs.
  base::Status start(const std::string& container_id) const;
  // `signal`: 1 to 64. conflict when the container does not run.
  base::Status kill(const std::string& container_id, int signal) const;

 private:
  struct Request {
    std::string method{};
    std::string container_id{};         // validated
    std::string verb{};                 // "/restart?t=30": the path below the container, with its query
    std::string path = "/containers/";  // up to the container's id
    std::string body{};
    std::chrono::milliseconds patience{0};  // in addition to the timeout
  };
  base::Result<bool> is_podman() const;
  base::Result<std::string> send(const Request& request) const;
  base::Status post(Request request, std::string_view what) const;

  EngineControlOptions options_;
  std::stop_token stop_;
};

}  // namespace guard::action
