#pragma once
// The last step of a sample's way: what was decided and what became of it, in the journal, the metrics and the report.
// A decision is written before it is carried out and again when its outcome is known; of a ladder's step a third time,
// when it is known whether it helped.

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

// All given to it must outlive it.
class ActionLog {
 public:
  using Listener = std::function<void(const telemetry::ActionRecord&)>;

  ActionLog(telemetry::Report& report, history::JournalWriter& journal, const base::Clock& clock)
      : report_(report), journal_(journal), clock_(clock) {}

  void on_action(Listener listener) { listener_ = std::move(listener); }

  // A new record; stays where it is until it is finished.
  const telemetry::ActionRecord& record(policy::Decision decision);
  void write(const telemetry::ActionRecord& action);
  void write(std::uint64_t number);
  // Exactly once for each record. `tells`: the listener hears of it.
  void finish(std::uint64_t number, telemetry::Outcome outcome, std::string result, base::SteadyTime began,
              bool tells = true);
  // The record of the rule's last step that was carried out gets what it did, in words.
  void note_effect(const std::string& workload, const std::string& rule, std::string effect);

  // What was recorded so far goes on under this log after a reload.
  [[nodiscard]] std::uint64_t last_number() const { return last_number_; }
  void go_on_after(std::uint64_t number) { last_number_ = number; }

 private:
  telemetry::Report& report_;
  history::JournalWriter& journal_;
  const base::Clock& clock_;
  Listener listener_;
  std::map<std::uint64_t, telemetry::ActionRecord> open_;  // begun and not ended; bounded by what may be under way
  std::uint64_t last_number_ = 0;
};

}  // namespace guard
