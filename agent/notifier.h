#pragma once
// Sends notifications: each action with a known outcome goes to every receiver, as a webhook's JSON or as an
// Alertmanager alert. Each receiver has a worker with a bounded queue: a hanging receiver loses its own notifications,
// which is logged, and delays no other.

#include <cstddef>
#include <functional>
#include <memory>
#include <stop_token>
#include <vector>

#include "base/event_loop.h"
#include "base/result.h"
#include "base/worker.h"
#include "guard/config/config.h"
#include "guard/enforce/notifications.h"
#include "guard/telemetry/report.h"

namespace agent {

// Sends to one receiver and waits for its response. Errors: those of base::fetch; unavailable when the receiver
// refuses.
base::Status deliver(const guard::config::ReceiverConfig& receiver, const guard::telemetry::ActionRecord& action,
                     std::stop_token stop);

// Use on the guard's thread.
class Notifier final : public guard::Notifications {
 public:
  static constexpr std::size_t kMostWaiting = 256;  // for each receiver

  // `loop` must outlive the notifier.
  Notifier(const std::vector<guard::config::ReceiverConfig>& receivers, base::EventLoop& loop);
  ~Notifier() override { stopping_.request_stop(); }

  // Sends a rule's notification. `done` when every receiver has answered: success when at least one accepted it.
  void notify(const guard::telemetry::ActionRecord& record, Done done) override;
  // Sends the outcome of an action. Does not block; a failure is logged.
  void report(const guard::telemetry::ActionRecord& action);

 private:
  struct Target {
    explicit Target(guard::config::ReceiverConfig its_config) : config(std::move(its_config)) {}
    guard::config::ReceiverConfig config;
    base::Worker worker{"lg-notify", kMostWaiting};
  };
  using Answered = std::function<void(base::Status)>;
  void send(Target& target, const guard::telemetry::ActionRecord& action, Answered answered);

  base::EventLoop& loop_;
  std::stop_source stopping_;
  std::vector<std::unique_ptr<Target>> targets_;
};

}  // namespace agent
