// Whatever a record of the kernel's log holds: pids are positive, names and paths are parts of the record, and a record
// is never both a choice and a kill.

#include <string>

#include "../fuzz.h"
#include "guard/source/host/kernel_log_parser.h"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const auto record = fuzz::text_of(data, size);
  const auto text = guard::source::parse_kernel_record(record);
  if (!text) return 0;
  fuzz::require(text->find('\n') == std::string_view::npos, "a record's text is one line");
  const auto choice = guard::source::parse_oom_choice(*text);
  const auto killed = guard::source::parse_oom_killed(*text);
  fuzz::require(!choice || !killed, "a record is one thing only");
  if (choice) {
    fuzz::require(choice->pid > 0, "a pid is positive");
    fuzz::require(text->find(choice->cgroup) != std::string_view::npos, "the cgroup stands in the record");
  }
  if (killed) {
    fuzz::require(killed->pid > 0, "a pid is positive");
    fuzz::require(killed->process.size() <= 64, "a name is bounded");
  }
  return 0;
}
