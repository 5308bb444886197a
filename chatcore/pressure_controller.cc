#include "chatcore/pressure_controller.h"

#include <chrono>
#include <cmath>
#include <limits>
#include <utility>

#include "base/log.h"
#include "chatcore/process_reading.h"

namespace chatcore {
namespace {

// Memory grows by some ten MiB a second at most when all cores write messages: a second is early enough, and the look
// costs a fraction of a millisecond.
constexpr std::chrono::seconds kBeat{1};
constexpr double kAbsent = std::numeric_limits<double>::quiet_NaN();

std::string_view reason_of(memory::PressureCause cause) {
  switch (cause) {
    case memory::PressureCause::drift: return "resident memory grew beyond what is accounted";
    case memory::PressureCause::near_limit: return "the working set is near the limit of the cgroup";
    case memory::PressureCause::calm: return "memory has been calm";
    case memory::PressureCause::none: break;
  }
  return "";
}

memory::MemoryReading read_machine(base::Bytes accounted) {
  const CgroupReading cgroup = read_cgroup();
  return {.resident = read_anonymous_memory(),
          .accounted = accounted,
          .working_set = cgroup.working_set,
          .cgroup_limit = cgroup.memory_limit};
}

}  // namespace

PressureController::PressureController(memory::Budget& budget, conversation::Sweeper& sweeper, base::EventLoop& loop,
                                       std::function<void()> let_go)
    : budget_(budget),
      sweeper_(sweeper),
      loop_(loop),
      let_go_(std::move(let_go)),
      pressure_({}, budget.configured()),
      ratio_(kAbsent) {}

void PressureController::start() {
  const auto beat = [this](int) { look(std::chrono::steady_clock::now(), read_machine(budget_.used())); };
  beat(0);
  beat_ = loop_.every(kBeat, beat);
}

void PressureController::look(base::SteadyTime now, const memory::MemoryReading& reading) {
  const base::Bytes before = pressure_.limit();
  const memory::PressureVerdict verdict = pressure_.look(now, reading);
  ratio_ = pressure_.ratio().value_or(kAbsent);
  if (verdict.cause == memory::PressureCause::none) return;
  budget_.set_limit(verdict.limit);
  const bool is_tighter = verdict.cause != memory::PressureCause::calm;
  base::log(is_tighter ? base::LogLevel::warning : base::LogLevel::info,
            is_tighter ? "Memory budget tightened" : "Memory budget loosened",
            {{"reason", reason_of(verdict.cause)},
             {"limit", base::format_bytes(verdict.limit)},
             {"before", base::format_bytes(before)},
             {"configured", base::format_bytes(budget_.configured())},
             {"accounted", base::format_bytes(reading.accounted)},
             {"resident", reading.resident ? base::format_bytes(*reading.resident) : "unknown"}});
  if (!is_tighter) return;
  // Pages can be given back only once the conversations on them have gone.
  sweeper_.fit_budget([this] { let_go_(); });
}

std::optional<double> PressureController::ratio() const {
  const double ratio = ratio_;
  return std::isnan(ratio) ? std::nullopt : std::optional(ratio);
}

}  // namespace chatcore
