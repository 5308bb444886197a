// Whatever a line of the journal holds: it is passed over, or is an action with a time that the clock can hold. The
// same for the note that an agent leaves for the next.

#include <string>

#include "../fuzz.h"
#include "agent/supervisor/child_record.h"
#include "agent/journal_memory.h"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const std::string text(fuzz::text_of(data, size));
  if (const auto action = agent::parse_journal_line(text))
    fuzz::require(action->at.time_since_epoch().count() >= 0, "an action has a time");
  if (const auto note = agent::read_note(text)) {
    fuzz::require(note->pause.count() >= 0, "a pause is not negative");
    fuzz::require(agent::read_note(agent::write_note(*note)) == note, "a note written and read again is the same");
  }
  return 0;
}
