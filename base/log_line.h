#pragma once
// How one log line looks: pure, so that escaping and cutting are tested without a terminal. base/log.cc adds
// the time stamp and hands the line to its sink.

#include <cstddef>
#include <string>
#include <string_view>

#include "base/log.h"

namespace base {

// PIPE_BUF, less room for the time stamp and the line's end: a write of so little to a pipe is atomic, so
// that the lines of two processes on one pipe never mix, and never blocks once poll() has said "writable".
constexpr std::size_t kMaxLogLineBytes = 4000;
constexpr std::size_t kMaxLogValueBytes = 1024;

// "debug", "info", "warning", "error".
std::string_view name_of(LogLevel level);

// `level=info msg="…" key=value …`. Control characters, quotes, backslashes and bytes that are not UTF-8 come out
// escaped (\n, \u001b, \ufffd) in quotes. Fields that do not fit into a line give way to `truncated=true`.
std::string logfmt_line(LogLevel level, std::string_view message, LogFields fields);
// `"level":"info","msg":"…","key":value,…}`: an object but for its opening brace and time stamp.
std::string json_line_tail(LogLevel level, std::string_view message, LogFields fields);

}  // namespace base
