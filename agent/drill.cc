#include "agent/commands.h"
namespace agent {
int drill(const DrillOptions&) { return kUsage; }
}  // namespace agent
