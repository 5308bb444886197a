#pragma once
// The container engine's JSON, translated into plain values: what a container is and is limited to, what it
// uses, what happened to it. Docker's API and Podman's compatible one; cgroup v1 and v2 shapes of the statistics.
// Pure: text in, value out. JSON is met behind docker/json.h alone.
//
// Errors everywhere: corrupt, saying which field was not as promised. A field that an engine leaves out is absent
// (an empty optional, an absent Reading); only the fields without which a value makes no sense are demanded.

#include <cstdint>
#include <functional>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/clock.h"
#include "base/result.h"
#include "base/units.h"
#include "guard/sample/caps.h"
#include "guard/sample/resources.h"
#include "guard/source/docker/fields.h"

namespace guard::source {

enum class ContainerState { unknown, created, running, paused, restarting, removing, exited, dead };
// "running", …: the engine's own words.
std::string_view name_of(ContainerState state);

struct Container {
  std::string id;                             // 64 hex digits
  std::string name;                           // without the engine's leading '/'
  std::string image;                          // as it was asked for: "chatcore:latest"
  std::map<std::string, std::string> labels;  // a bounded number: docker/fields.h
  ContainerState state = ContainerState::unknown;

  // Known only after an inspection; a list does not tell them.
  bool inspected = false;
  std::int64_t pid = 0;                       // main process on the host; 0 when it does not run
  std::optional<base::WallTime> started_at;   // of the current or last run; empty when never started
  std::optional<base::WallTime> finished_at;  // of the last run that ended
  int exit_code = 0;                          // of the last run; 0 while it runs
  bool oom_killed = false;                    // of the current or last run; unreliable alone, see docker/counts.h
  std::uint64_t restart_count = 0;            // restarts by the engine's own restart policy
  sample::Caps caps;        // unlimited() (a reservation: 0) without a limit; empty: the engine does not say
  base::Bytes memory_swap;  // memory + swap; unlimited() for −1, 0 when never set
  bool tty = false;         // its log stream is raw, without frames
  std::string log_driver;   // "json-file", "local", "journald", "none", …
};

struct EngineEvent {
  std::string container_id;
  std::string name;
  std::string kind;              // "start", "die", "oom", "destroy", "update", "rename", …: the engine's words
  std::optional<int> exit_code;  // of "die"
  base::WallTime at;
};

// GET /containers/json?all=1. An entry that is not a container's (no id of 64 hex digits, JSON that does not parse) is
// skipped and counted: one container must not hide the others.
struct ContainerList {
  std::vector<Container> containers;  // in the engine's order, each not inspected; "" as a name when it has none
  std::uint64_t skipped = 0;
  std::string why;             // the first entry that was skipped
  std::uint64_t left_out = 0;  // read well, but over the bound
};
// Reads the list as it comes: only what is kept of it is ever in memory. Errors: corrupt (not a list, cut off).
class ContainerListParser {
 public:
  static constexpr std::size_t kMaxContainers = 4096;
  // Over the bound only `wanted` ones are kept, up to as many again. Empty: none.
  using Wanted = std::function<bool(const Container&)>;
  explicit ContainerListParser(LabelKeys keys = {}, Wanted wanted = {});
  base::Status feed(std::string_view bytes);
  base::Result<ContainerList> finish();

 private:
  void add(const base::Result<std::string_view>& entry);

  ContainerList list_;
  Wanted wanted_;
  std::uint64_t entries_ = 0;
  base::JsonSieve sieve_;
};
base::Result<ContainerList> parse_container_list(std::string_view json);
// GET /containers/{id}/json.
base::Result<Container> parse_container(std::string_view json, const LabelKeys& keys = {});
// GET /containers/{id}/stats?stream=false: one reading. Absent: what this engine's cgroup version does not count, and
// the CPU limit. Without a memory limit the engine reports the host's memory as one. unavailable: it does not run.
base::Result<sample::Resources> parse_stats(std::string_view json);
// Whether GET /version names Podman among its components.
bool tells_of_podman(std::string_view json);
// The value of ?filters= that selects by labels, not yet percent-encoded.
std::string label_filter(const std::vector<std::string>& labels);
// One object of GET /events; nullopt when it is not about a container.
base::Result<std::optional<EngineEvent>> parse_event(std::string_view json);
// The "message" of an error answer; the text itself, cut to 300 bytes, when it is not the engine's JSON.
std::string parse_error_message(std::string_view body);

}  // namespace guard::source
