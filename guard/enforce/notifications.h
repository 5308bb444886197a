#pragma once
// Where notifications go. The agent implements it with its receivers; the guard knows no network.

#include <functional>
#include <string>

#include "base/result.h"
#include "guard/telemetry/report.h"

namespace guard {

class Notifications {
 public:
  // The receivers that accepted it; or why none did (not_found: none is configured).
  using Done = std::function<void(base::Result<std::string>)>;
  virtual ~Notifications() = default;
  // Returns at once; `done` is called later on the guard's thread, exactly once.
  virtual void notify(const telemetry::ActionRecord& record, Done done) = 0;
};

}  // namespace guard
