#pragma once
// The fifth step of a sample's way: carries a decision out and verifies it. Hands are the guard's; the real ones
// touch this machine, a simulation puts others in their place.

#include <functional>
#include <string>

#include "base/result.h"
#include "guard/policy/decision.h"
#include "guard/sample/snapshot.h"

namespace guard {

class Hands {
 public:
  // What was verified afterwards, in words; or why it failed.
  using Done = std::function<void(base::Result<std::string>)>;
  virtual ~Hands() = default;
  // Returns at once; `done` is called later on the guard's thread, exactly once. `target` is the workload as it was
  // at the recheck.
  virtual void carry_out(const policy::Decision& decision, const sample::Workload& target, Done done) = 0;
};

}  // namespace guard
