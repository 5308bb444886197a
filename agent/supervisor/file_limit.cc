#include "agent/supervisor/file_limit.h"

#include <algorithm>

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

std::optional<std::uint64_t> original_file_limit() {
  return raised ? std::optional<std::uint64_t>(original.rlim_cur) : std::nullopt;
}

void restore_file_limit(std::optional<std::uint64_t> limit) {
  rlimit own = {};
  if (!limit || ::getrlimit(RLIMIT_NOFILE, &own) != 0) return;
  own.rlim_cur = std::min<rlim_t>(*limit, own.rlim_max);
  ::setrlimit(RLIMIT_NOFILE, &own);
}

}  // namespace agent
