#pragma once
// How the commands speak on a terminal. What they print holds names, reasons and file names from outside, so all of it
// goes through base/terminal_text.h.

#include <string>
#include <string_view>

namespace agent {

// One message on standard error, with its line end. Lines within it stay.
void print_error(std::string_view message);

// A whole JSON document on standard output, with its line end.
void print_json(std::string_view document);

// A piece of a stream of lines (CSV or JSON) on standard output: as it is into a file or pipe, safe on a terminal.
// False when it cannot be written.
bool print_stream(const std::string& text);

}  // namespace agent
