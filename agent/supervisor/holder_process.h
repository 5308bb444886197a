#pragma once
// A holder: the small process between the agent and one supervised command (`leakguard hold-command NAME`, which people
// do not call). It is the command's parent, adopts the command's orphans and keeps the output pipe open, so that the
// command goes on when the agent is killed, and the next agent takes it over with its history: what the command prints
// meanwhile stays in the pipe, and when the pipe is full the command waits. It serves one agent at a time on the
// listening sockets that it is started with (agent/supervisor/holder_wire.h) and has no threads, configuration or
// files.

namespace agent {

constexpr const char* kHoldCommand = "hold-command";
constexpr int kHolderSocket = 3;  // the descriptor of the listening socket
// Of a second one, at an abstract address, for an agent whose state folder was removed; closed where there is none.
constexpr int kSpareSocket = 4;

// Runs until an agent says so and no command runs, or until the command has ended and no agent has come for an hour.
int hold_command();

}  // namespace agent
