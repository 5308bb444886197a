#include "guard/signal/signals.h"

namespace guard::signal {

std::string_view name_of(LeakState state) {
  switch (state) {
    case LeakState::unknown: return "unknown";
    case LeakState::warming_up: return "warming_up";
    case LeakState::stable: return "stable";
    case LeakState::growing: return "growing";
    case LeakState::leaking: return "leaking";
  }
  return "unknown";
}

}  // namespace guard::signal
