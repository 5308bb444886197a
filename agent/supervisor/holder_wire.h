#pragma once
// What the agent and a holder (agent/supervisor/holder_process.h) say to each other: fixed messages over a Unix socket
// of type SOCK_SEQPACKET, each with at most one file descriptor. A holder outlives an upgrade of the agent, so
// `version` and the fields before `phase` never move.

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "agent/supervisor/spawn.h"
#include "base/result.h"

namespace agent {

enum class HolderPhase : std::int32_t { idle, launching, running, failed, ended };

struct HolderMessage {
  static constexpr std::uint32_t kVersion = 1;
  static constexpr std::size_t kMostNote = 512;
  // state: from the holder, at connection and at every change; its descriptor is the read end of the output.
  // launch: its descriptor is a memory file with a SpawnRequest. note: keep these words. signal: to the process group.
  // quit: end as soon as no command runs.
  enum Kind : std::uint32_t { state = 1, launch, note, signal, quit };

  std::uint32_t version = kVersion;
  std::uint32_t kind = state;
  std::int32_t pid = 0;  // of the command that runs, or ran last
  std::int32_t number = 0;
  HolderPhase phase = HolderPhase::idle;
  std::int32_t wait_status = 0;   // phase ended
  std::int32_t error_number = 0;  // phase failed, and at which step
  char step[48] = {};
  std::int64_t started_at = 0;  // wall clock, nanoseconds
  std::uint32_t note_size = 0;  // what the agent wants its successor to know, as it came
  char note_text[kMostNote] = {};

  void set_note(const std::string& text);
  [[nodiscard]] std::string get_note() const;
};

// Never waits. False when the peer is gone or takes nothing.
bool send_message(int socket, const HolderMessage& message, int fd = -1);

struct Received {
  enum class Kind { message, nothing_yet, closed } kind = Kind::closed;
  HolderMessage message;
  int fd = -1;  // the receiver closes it; -1 when there came none
};
Received receive_message(int socket);

// A SpawnRequest in a memory file, for the way between two processes. The caller closes the descriptor.
base::Result<int> write_request(const SpawnRequest& request);
// Nothing when the file is no request.
std::optional<SpawnRequest> read_request(int fd);

}  // namespace agent
