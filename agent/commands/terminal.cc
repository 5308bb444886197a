#include "agent/commands/terminal.h"

#include <cstdio>

#include <unistd.h>

#include "base/terminal_text.h"

namespace agent {
namespace {

bool write_out(const std::string& text) { return std::fwrite(text.data(), 1, text.size(), stdout) == text.size(); }

}  // namespace

void print_error(std::string_view message) { std::fprintf(stderr, "%s\n", base::terminal_lines(message).c_str()); }

void print_json(std::string_view document) { std::printf("%s\n", base::terminal_json(document).c_str()); }

bool print_stream(const std::string& text) {
  static const bool is_terminal = ::isatty(STDOUT_FILENO) == 1;
  return write_out(is_terminal ? base::terminal_json(text) : text);
}

}  // namespace agent
