#include <cstdio>

#include "agent/commands.h"

namespace agent {

int drill(const DrillOptions&) {
  std::fprintf(stderr, "leakguard drill: is not there yet\n");
  return kUsage;
}

}  // namespace agent
