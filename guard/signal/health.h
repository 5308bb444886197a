#pragma once
// Whether a health probe's answers make a workload healthy: so many failures in a row and it is not, so many passes and
// it is again, in between it stays what it was. Three answers, the third is "not known", which no rule acts on.

#include <map>
#include <string>

#include "base/clock.h"
#include "guard/sample/snapshot.h"
#include "guard/signal/derive.h"
#include "guard/signal/signals.h"

namespace guard::signal {

// `probe` is null when it is not probed yet. `decided` remembers, by probe, what was last decided in this run of the
// workload; the caller empties it when another run begins.
HealthSignal derive_health(const HealthExpectation& expectation, const sample::Probe* probe, sample::State state,
                           base::SteadyTime now, std::map<std::string, bool>& decided);

}  // namespace guard::signal
