#pragma once
// Sends notifications. Implemented by the agent with its receivers; the guard has no network access.

#include <functional>
#include <string>

#include "base/result.h"
#include "guard/telemetry/report.h"

namespace guard {

class Notifications {
 public:
  // Receives the names of the receivers that accepted it, or the error (not_found: none is configured).
  using Done = std::function<void(base::Result<std::string>)>;
  virtual ~Notifications() = default;
  // Does not block. `done` is called exactly once, later, on the guard's thread.
  virtual void notify(const telemetry::ActionRecord& record, Done done) = 0;
};

}  // namespace guard
