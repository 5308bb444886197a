#pragma once
// What the guard may do to a container, and nothing else: a fixed list of verbs on an explicit container id. The
// engine's socket is root on the host, so no path, name or body from outside ever reaches it: ids are 64 hex digits or
// the call is refused, and bodies are built here from numbers.
//
// All calls block: call from a Worker. Errors: invalid_argument (id, caps; also the engine's own 400),
// not_found (404), conflict (409), permission_denied, unavailable (no engine, or its 5xx with its message),
// deadline_exceeded, corrupt, cancelled. An error carries the engine's own words; is_permanent_refusal tells whether
// asking again can help.

#include <chrono>
#include <stop_token>
#include <string>
#include <string_view>

#include "base/result.h"
#include "base/units.h"
#include "guard/sample/caps.h"

namespace guard::action {

// Whether the same request would be refused again, so that it is not repeated every few seconds: the engine or the
// kernel understood it and said no. False: nobody answered, or the other side is only busy.
bool is_permanent_refusal(const base::Error& error);

struct EngineControlOptions {
  std::string socket = "/var/run/docker.sock";
  std::chrono::milliseconds timeout{15'000};  // on top of a drain time
};

// Thread-safe: it keeps no state between calls.
class EngineControl {
 public:
  explicit EngineControl(EngineControlOptions options, std::stop_token stop = {});

  // Sets the fields that `caps` has and leaves the others. memory_high is ignored: engines have no such setting.
  // Reads the container's own limits first, since the engine refuses parts that contradict them:
  //  - swap follows memory where it must: never below it, and no swap where there was none. An unlimited swap stays;
  //  - a reservation above the new memory comes down to it (one asked for above it is invalid_argument);
  //  - a container made with a CPU quota and period gets a quota, others the engine's own CPU count.
  // Podman's Docker-compatible API has no such call: there its own is used (since 4.3).
  base::Status update_caps(const std::string& container_id, const sample::Caps& caps) const;
  // Stop signal, up to `drain` (whole seconds, rounded up), SIGKILL; then start. Returns when it is started.
  base::Status restart(const std::string& container_id, std::chrono::nanoseconds drain) const;
  // As restart, without the start. A container that is stopped already is fine.
  base::Status stop(const std::string& container_id, std::chrono::nanoseconds drain) const;
  // One that runs already is fine.
  base::Status start(const std::string& container_id) const;
  // `signal`: 1 to 64. conflict when the container does not run.
  base::Status kill(const std::string& container_id, int signal) const;

 private:
  struct Question {
    std::string method{};
    std::string container_id{};         // checked
    std::string verb{};                 // "/restart?t=30": the path below the container, with its query
    std::string path = "/containers/";  // up to the container's id
    std::string body{};
    std::chrono::milliseconds patience{0};  // on top of the timeout
  };
  base::Result<bool> is_podman() const;
  base::Result<std::string> ask(const Question& question) const;
  base::Status post(Question question, std::string_view what) const;

  EngineControlOptions options_;
  std::stop_token stop_;
};

}  // namespace guard::action
