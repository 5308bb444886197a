// What a command is started with, and whether two of them are the same.

#include <string_view>

#include <unistd.h>

#include "agent/supervisor/child.h"

namespace agent {
namespace {

constexpr const char* kUnprivileged = "nobody";

}  // namespace

bool ChildOptions::runs_the_same(const ChildOptions& other) const {
  return argv == other.argv && command.environment == other.command.environment &&
         command.working_dir == other.command.working_dir && command.user == other.command.user;
}

std::uint64_t ChildOptions::fingerprint() const {
  std::uint64_t hash = 14695981039346656037ULL;  // FNV-1a: the same in every build, unlike std::hash
  const auto add = [&hash](std::string_view text) {
    for (const char c : text) hash = (hash ^ static_cast<unsigned char>(c)) * 1099511628211ULL;
    hash = (hash ^ 0x100) * 1099511628211ULL;  // where it ends
  };
  for (const std::string& argument : argv) add(argument);
  add("");
  for (const auto& [key, value] : command.environment) {
    add(key);
    add(value);
  }
  add("");
  add(command.working_dir);
  add(command.user);
  return hash;
}

std::string ChildOptions::user() const {
  if (!command.user.empty() || !outlives_agent || ::geteuid() != 0) return command.user;
  return kUnprivileged;
}

}  // namespace agent
