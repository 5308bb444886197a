#include "agent/supervisor/child_record.h"

#include <sstream>

namespace agent {
namespace {

using guard::sample::ExitReason;

constexpr int kVersion = 1;

}  // namespace

std::string write_note(const ChildRecord& note) {
  std::ostringstream text;
  text << kVersion << ' ' << note.fingerprint << ' ' << note.starts << ' ' << static_cast<int>(note.last_exit) << ' '
       << note.last_exit_code << ' ' << note.pause.count() << ' ' << note.oom_kills_before.has_value() << ' '
       << note.oom_kills_before.value_or(0);
  return text.str();
}

std::optional<ChildRecord> read_note(const std::string& text) {
  std::istringstream in(text);
  ChildRecord note;
  int version = 0;
  int last_exit = 0;
  base::Duration::rep pause = 0;
  bool has_kills = false;
  std::uint64_t kills = 0;
  in >> version >> note.fingerprint >> note.starts >> last_exit >> note.last_exit_code >> pause >> has_kills >> kills;
  if (!in || version != kVersion || last_exit < 0 || last_exit > static_cast<int>(ExitReason::oom_kill) || pause < 0)
    return std::nullopt;
  note.last_exit = static_cast<ExitReason>(last_exit);
  note.pause = base::Duration(pause);
  if (has_kills) note.oom_kills_before = kills;
  return note;
}

}  // namespace agent
