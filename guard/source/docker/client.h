#pragma once
// Questions to the container engine over its unix socket: Docker, or Podman's compatible service. Reads only; what
// changes a container is guard/action/engine_control.h. All calls block: call from a Worker or a thread of your own.
// Each has a deadline and a bound on the answer's size.
//
// Paths carry no API version: the engine then speaks its newest, and the parser reads only fields that have kept
// their names since 1.24. A fixed version would be refused by engines that have dropped it (29 refuses below 1.44).
//
// Errors: unavailable (no engine, or 5xx), permission_denied (the socket is not ours), not_found (no such
// container), deadline_exceeded, too_large, corrupt, cancelled (the stop token).

#include <chrono>
#include <cstddef>
#include <functional>
#include <stop_token>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"
#include "guard/source/docker/parser.h"

namespace guard::source {

struct EngineOptions {
  std::string socket = "/var/run/docker.sock";
  std::chrono::milliseconds timeout{10'000};       // for a whole answer; a busy engine takes seconds
  std::size_t max_answer_bytes = 64u << 20;        // read, not kept: an answer is reduced as it comes
  std::chrono::milliseconds stream_idle{300'000};  // a silent stream is reopened after so long: it may be dead
};

struct LogQuestion {
  std::string container;  // id or name
  base::WallTime since;   // lines written before are left out
  bool follow = false;
  std::size_t tail =
      0;  // of these at most the last so many; 0: all. Spares the engine reading its files from the start
};

// Thread-safe: it keeps no state between calls.
class EngineClient {
 public:
  explicit EngineClient(EngineOptions options, std::stop_token stop = {});

  // In every state, not inspected. `wanted`: see ContainerListParser.
  base::Result<ContainerList> list(const LabelKeys& keys = {}, const ContainerListParser::Wanted& wanted = {}) const;
  // Only those that have all `labels` ("key" or "key=value").
  base::Result<ContainerList> list_labelled(const std::vector<std::string>& labels, const LabelKeys& keys) const;
  // `container`: id or name.
  base::Result<Container> inspect(std::string_view container, const LabelKeys& keys = {}) const;
  // Whether Podman answers: its description of a container tells the limits that it was created with, whatever they are
  // now.
  base::Result<bool> is_podman() const;
  // One reading without the engine's own averaging. Costs the engine 5–10 ms of CPU and on Docker 20.10 about 1 s of
  // waiting: only for where the cgroup's files cannot be read.
  base::Result<sample::Resources> stats(std::string_view container) const;

  // Follows container events from `since` on (repeats those that the engine still remembers, 256 at Docker) until
  // the stream ends, which is never a success: unavailable when the engine closed it, deadline_exceeded when it
  // was idle too long. An event that cannot be parsed is an error too. `on_event` runs on the calling thread.
  base::Status follow_events(base::WallTime since, const std::function<void(const EngineEvent&)>& on_event) const;

  // The log's bytes as the engine frames them (guard/source/docker/log_frames.h), each line with its time. Ends well
  // when the engine ends the stream: without `follow` after what there is; with it when the container has stopped, but
  // also when the engine lost its way. `on_bytes` returns false to hang up (cancelled).
  base::Status read_log(const LogQuestion& question, const std::function<bool(std::string_view)>& on_bytes) const;

 private:
  // Passes on at most max_answer_bytes within the timeout.
  base::Status read(const std::string& path, std::string_view what,
                    const std::function<base::Status(std::string_view)>& on_bytes) const;
  base::Result<std::string> read_reduced(const std::string& path, std::string_view what,
                                         base::JsonSieve::Keep keep) const;
  base::Result<ContainerList> read_list(const std::string& path, ContainerListParser& parser) const;
  base::Status stream(const std::string& path, std::string_view what,
                      const std::function<bool(std::string_view)>& on_bytes) const;

  EngineOptions options_;
  std::stop_token stop_;
};

}  // namespace guard::source
