#pragma once
// What people see of a log line: the text without terminal escape sequences, carriage returns, NUL bytes and byte
// order marks. Patterns are matched against this, so that colours, a progress bar or a hole in the file cannot hide a
// line. Pure: bytes in, bytes out.

#include <string>
#include <string_view>

namespace guard::source {

// Removes from `line`: CSI, OSC, DCS, SOS, PM, APC and all other ESC sequences (also in their two-byte UTF-8 form,
// U+0080 to U+009F), CR, NUL and U+FEFF. A sequence that the line cuts short is removed as far as it goes, but of a
// string (OSC and its like) without an end only the beginning: its text could be the line that is looked for.
// All other bytes, valid UTF-8 or not, stay as they are.
//
// Returns `line` itself when there is nothing to remove (nothing is allocated), else a view of `buffer`, which is
// overwritten; keep the same buffer for many lines.
std::string_view clean_log_line(std::string_view line, std::string& buffer);

}  // namespace guard::source
