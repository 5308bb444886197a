#pragma once
// The fifth step of a sample's way: carries a decision out and verifies it. Hands are the guard's; the real ones
// touch this machine, a simulation puts others in their place.

#include <functional>
#include <string>
#include <utility>

#include "base/result.h"
#include "guard/policy/decision.h"
#include "guard/sample/snapshot.h"
#include "guard/telemetry/report.h"

namespace guard {

class Hands {
 public:
  // What was verified afterwards, in words; or why it failed.
  using Done = std::function<void(base::Result<std::string>)>;
  virtual ~Hands() = default;
  // Returns at once; `done` is called later on the guard's thread, exactly once. `target` is the workload as it was
  // at the recheck.
  virtual void carry_out(const policy::Decision& decision, const sample::Workload& target, Done done) = 0;
  // A decision that only notifies. `done` when the receivers have accepted it, or when none of them did. Never waits
  // for another action.
  virtual void notify(const telemetry::ActionRecord& record, const sample::Workload& target, Done done) {
    carry_out(record.decision, target, std::move(done));
  }
};

}  // namespace guard
