#pragma once
// Tells people what was done: each action whose outcome is known goes to every receiver, as a webhook's JSON or as an
// alert of Alertmanager's. Sent by a worker with a bounded queue: a receiver that hangs costs notifications, counted
// and logged, and nothing else.

#include <stop_token>
#include <vector>

#include "base/result.h"
#include "base/worker.h"
#include "guard/config/config.h"
#include "guard/telemetry/report.h"

namespace agent {

// Tells one receiver now; waits for its answer, as long as an HTTP exchange may take. Errors: those of base::fetch;
// unavailable when the receiver refuses it.
base::Status deliver(const guard::config::ReceiverConfig& receiver, const guard::telemetry::ActionRecord& action,
                     std::stop_token stop);

class Notifier {
 public:
  explicit Notifier(std::vector<guard::config::ReceiverConfig> receivers);
  ~Notifier() { stopping_.request_stop(); }
  // On the guard's thread; returns at once.
  void tell(const guard::telemetry::ActionRecord& action);

 private:
  std::vector<guard::config::ReceiverConfig> receivers_;
  std::stop_source stopping_;
  base::Worker worker_{"lg-notify", 256};
};

}  // namespace agent
