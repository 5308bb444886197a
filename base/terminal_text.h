#pragma once
// Text from outside (names, log lines, reasons) made safe to print on a terminal.

#include <cstdint>
#include <string>
#include <string_view>

namespace base {

// Control characters (C0 with line ends and tabs, DEL, C1), characters that change the direction of text (bidi), the
// line separators U+2028 and U+2029, and bytes that are not UTF-8 come out as \x1b or \u202e. All other characters
// stay.
std::string terminal_text(std::string_view text);
// The same for a text of several lines that we have put together: line ends and tabs stay.
std::string terminal_lines(std::string_view text);
// The same for a JSON document, which stays the same document: within its strings they come out as \u009b.
std::string terminal_json(std::string_view document);
// Whether this character steers a terminal or turns the direction of text, and so must not reach one.
bool is_unsafe_on_terminal(std::uint32_t code_point);

}  // namespace base
