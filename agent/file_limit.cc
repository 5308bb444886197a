#include "agent/file_limit.h"

#include <sys/resource.h>

namespace agent {
namespace {

rlimit original = {};
bool raised = false;

}  // namespace

void raise_file_limit() {
  if (::getrlimit(RLIMIT_NOFILE, &original) != 0) return;
  rlimit wanted = original;
  wanted.rlim_cur = original.rlim_max;
  raised = ::setrlimit(RLIMIT_NOFILE, &wanted) == 0;
}

void restore_file_limit() {
  if (raised) ::setrlimit(RLIMIT_NOFILE, &original);
}

}  // namespace agent
