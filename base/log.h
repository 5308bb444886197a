#pragma once
// Structured logging that never blocks its caller. A line is a level, a constant message and fields; it goes
// into a bounded queue that one background thread writes out. When the queue is full the line is dropped and
// counted, and the count is logged once there is room again. A line is at most 4 KiB and a value 1 KiB: what is
// longer is cut and ends in "...".
//
//   base::log_info("workload appeared", {{"workload", name}, {"memory_bytes", bytes}});
//
// Written to stderr as logfmt (`ts=… level=info msg="workload appeared" workload=web memory_bytes=1048576`) or
// as JSON lines; when stderr is connected to the journal (JOURNAL_STREAM), with an sd-daemon priority prefix
// and no timestamp, since the journal has its own. Control bytes and invalid UTF-8 in values are escaped.
// Never pass secrets or message contents.

#include <cstddef>
#include <cstdint>
#include <initializer_list>
#include <string>
#include <string_view>
#include <type_traits>

namespace base {

enum class LogLevel { debug, info, warning, error };
enum class LogFormat { logfmt, json };

struct LogOptions {
  LogLevel level = LogLevel::info;
  LogFormat format = LogFormat::logfmt;
  std::size_t queue_lines = 8192;  // bound of the queue; a line over it is dropped and counted
};

class LogField {
 public:
  LogField(std::string_view name, std::string_view text) : key(name), value(text) {}
  LogField(std::string_view name, const char* text) : key(name), value(text) {}
  LogField(std::string_view name, const std::string& text) : key(name), value(text) {}
  template <class Number>
  requires std::is_arithmetic_v<Number> LogField(std::string_view name, Number amount)
      : key(name), value(number(amount)), bare(true) {}

  std::string key;
  std::string value;
  bool bare = false;  // a number or boolean: unquoted in JSON

 private:
  template <class Number>
  static std::string number(Number amount) {
    if constexpr (std::is_same_v<Number, bool>)
      return amount ? "true" : "false";
    else if constexpr (std::is_floating_point_v<Number>)
      return from_double(static_cast<double>(amount));
    else
      return std::to_string(amount);
  }
  static std::string from_double(double amount);
};

using LogFields = std::initializer_list<LogField>;

// Starts the writer. Call once in main, before threads; without it lines go to stderr directly, as logfmt.
void start_log(const LogOptions& options);
// Writes what is queued and ends the writer; call last in main. Gives up on what is left, and counts it as
// dropped, when stderr takes nothing for a second.
void stop_log();
void set_log_level(LogLevel level);

void log(LogLevel level, std::string_view message, LogFields fields = {});
inline void log_debug(std::string_view message, LogFields fields = {}) { log(LogLevel::debug, message, fields); }
inline void log_info(std::string_view message, LogFields fields = {}) { log(LogLevel::info, message, fields); }
inline void log_warning(std::string_view message, LogFields fields = {}) { log(LogLevel::warning, message, fields); }
inline void log_error(std::string_view message, LogFields fields = {}) { log(LogLevel::error, message, fields); }

// Lines lost to a full queue since the start.
std::uint64_t dropped_log_lines();

}  // namespace base
