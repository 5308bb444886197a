#pragma once
// Asks a workload over TCP: whether a connection can be made. Nothing is said on it.

#include <memory>
#include <string>

#include "base/event_loop.h"
#include "base/units.h"
#include "guard/source/probe/attempt.h"

namespace guard::source {

// `address` as base/socket_address.h reads it. The loop must outlive the attempt.
std::unique_ptr<ProbeAttempt> ask_tcp(base::EventLoop& loop, const std::string& address, base::Duration timeout,
                                      ProbeDone done);

}  // namespace guard::source
