#include "base/log_line.h"

#include <array>
#include <charconv>
#include <cmath>
#include <cstdint>

#include "base/terminal_text.h"
#include "base/utf8.h"

namespace base {

namespace {

constexpr std::size_t kTruncatedMarkBytes = 20;  // room for `,"truncated":true}`

void append_unicode_escape(std::string& out, std::uint32_t point) {
  constexpr std::string_view kHex = "0123456789abcdef";
  out.append("\\u");
  for (const int shift : {12, 8, 4, 0}) out.push_back(kHex[point >> shift & 0xf]);
}

// `text` escaped as inside a JSON string, cut at about kMaxLogValueBytes. `plain` tells whether it needed no
// escape and holds nothing that would make it ambiguous in logfmt without quotes.
std::string escaped(std::string_view text, bool& plain) {
  std::string out;
  plain = !text.empty();
  while (!text.empty()) {
    if (out.size() >= kMaxLogValueBytes) return out.append("...");
    const CodePoint character = decode_utf8(text, 0);
    const auto bytes = text.substr(0, character.length);
    text.remove_prefix(character.length);
    if (bytes == " " || bytes == "=") {
      plain = false;
      out.append(bytes);
      continue;
    }
    const bool special = bytes == "\"" || bytes == "\\";
    if (character.is_valid && !special && !is_unsafe_on_terminal(character.value)) {
      out.append(bytes);
      continue;
    }
    plain = false;
    if (!character.is_valid)
      out.append("\\ufffd");
    else if (special)
      out.append("\\").append(bytes);
    else if (bytes == "\n")
      out.append("\\n");
    else if (bytes == "\r")
      out.append("\\r");
    else if (bytes == "\t")
      out.append("\\t");
    else
      append_unicode_escape(out, character.value);
  }
  return out;
}

void append_quoted(std::string& out, std::string_view text) {
  bool plain = false;
  out.append("\"").append(escaped(text, plain)).append("\"");
}

std::string logfmt_value(std::string_view value) {
  bool plain = false;
  auto text = escaped(value, plain);
  return plain ? text : "\"" + text + "\"";
}

// Infinity and NaN are numbers in C++ but not in JSON.
bool is_bare_in_json(const LogField& field) {
  if (!field.bare || field.value.empty()) return false;
  if (field.value == "true" || field.value == "false") return true;
  const char last = field.value.back();
  return last >= '0' && last <= '9';
}

// Keys are constants of the code; this only keeps a mistake from breaking the line.
std::string logfmt_key(std::string key) {
  for (char& c : key) {
    if (c <= ' ' || c == '=' || c == '"' || c == 0x7f) c = '_';
  }
  return key.empty() ? "_" : key;
}

bool fits(const std::string& line, const std::string& addition) {
  return line.size() + addition.size() + kTruncatedMarkBytes <= kMaxLogLineBytes;
}

}  // namespace

std::string LogField::from_double(double amount) {
  std::array<char, 32> buffer{};
  const auto written = std::to_chars(buffer.data(), buffer.data() + buffer.size(), amount);
  return {buffer.data(), written.ptr};
}

std::string_view name_of(LogLevel level) {
  switch (level) {
    case LogLevel::debug: return "debug";
    case LogLevel::info: return "info";
    case LogLevel::warning: return "warning";
    case LogLevel::error: return "error";
  }
  return "error";
}

std::string logfmt_line(LogLevel level, std::string_view message, LogFields fields) {
  std::string line = "level=";
  line.append(name_of(level)).append(" msg=");
  append_quoted(line, message);
  for (const auto& field : fields) {
    const auto addition = " " + logfmt_key(field.key) + "=" + logfmt_value(field.value);
    if (!fits(line, addition)) return line.append(" truncated=true");
    line.append(addition);
  }
  return line;
}

std::string json_line_tail(LogLevel level, std::string_view message, LogFields fields) {
  std::string line = "\"level\":\"";
  line.append(name_of(level)).append("\",\"msg\":");
  append_quoted(line, message);
  for (const auto& field : fields) {
    std::string addition = ",";
    append_quoted(addition, field.key);
    addition.append(":");
    if (is_bare_in_json(field))
      addition.append(field.value);
    else
      append_quoted(addition, field.value);
    if (!fits(line, addition)) return line.append(",\"truncated\":true}");
    line.append(addition);
  }
  return line.append("}");
}

}  // namespace base
