#pragma once
// Step 6, record: writes decisions and their outcomes to the journal, the metrics and the report. A decision is written
// before it is carried out and again when its outcome is known; a step of an escalation a third time, with its effect.

#include <cstdint>
#include <functional>
#include <map>
#include <string>
#include <utility>

#include "base/clock.h"
#include "guard/history/journal_writer.h"
#include "guard/policy/decision.h"
#include "guard/telemetry/report.h"

namespace guard {

// The constructor's arguments must outlive it.
class ActionLog {
 public:
  using Listener = std::function<void(const telemetry::ActionRecord&)>;

  ActionLog(telemetry::Report& report, history::JournalWriter& journal, const base::Clock& clock)
      : report_(report), journal_(journal), clock_(clock) {}

  void on_action(Listener listener) { listener_ = std::move(listener); }

  // Adds a record. The reference is valid until finish().
  const telemetry::ActionRecord& record(policy::Decision decision);
  void write(const telemetry::ActionRecord& action);
  void write(std::uint64_t number);
  // Called exactly once for each record. `notifies`: calls the listener.
  void finish(std::uint64_t number, telemetry::Outcome outcome, std::string result, base::SteadyTime began,
              bool notifies = true);
  // Adds the effect of the rule's last step to the record of that step.
  void note_effect(const std::string& workload, const std::string& rule, std::string effect);

  // For a reload: numbering continues after the previous log.
  [[nodiscard]] std::uint64_t last_number() const { return last_number_; }
  void continue_after(std::uint64_t number) { last_number_ = number; }

 private:
  telemetry::Report& report_;
  history::JournalWriter& journal_;
  const base::Clock& clock_;
  Listener listener_;
  std::map<std::uint64_t, telemetry::ActionRecord> open_;  // started, not finished; bounded by the actions in progress
  std::uint64_t last_number_ = 0;
};

}  // namespace guard
