#include "chatcore/llm/sentences.h"

#include <algorithm>
#include <array>

#include "base/utf8.h"

namespace chatcore::llm {
namespace {

constexpr std::string_view kWhiteSpace = " \t\r\n\f\v";
constexpr std::string_view kEllipsis = "…";

std::string_view trimmed(std::string_view text) {
  const std::size_t first = text.find_first_not_of(kWhiteSpace);
  if (first == std::string_view::npos) return {};
  return text.substr(first, text.find_last_not_of(kWhiteSpace) - first + 1);
}

// The bytes a list item begins with ("- ", "* ", "12. "), 0 when the line is none.
std::size_t list_marker(std::string_view line) {
  if (line.starts_with("- ") || line.starts_with("* ") || line.starts_with("+ ")) return 2;
  const std::size_t digits = line.find_first_not_of("0123456789");
  if (digits == std::string_view::npos || digits == 0 || digits > 3) return 0;
  return line.substr(digits).starts_with(". ") ? digits + 2 : 0;
}

// "---", "===", "|---|---|": nothing to read.
bool is_rule(std::string_view line) { return line.find_first_not_of("-=|:*_ ") == std::string_view::npos; }

std::string without_marks(std::string_view text) {
  std::string plain;
  plain.reserve(text.size());
  for (const char c : text) {
    if (c == '|') plain.push_back(' ');
    if (c != '*' && c != '`' && c != '|') plain.push_back(c);
  }
  return plain;
}

std::string on_one_line(std::string_view text) {
  std::string line;
  line.reserve(text.size());
  for (const char c : trimmed(text)) {
    const auto byte = static_cast<unsigned char>(c);
    const bool is_blank = byte <= 0x20 || byte == 0x7F;
    if (is_blank && line.ends_with(' ')) continue;
    line.push_back(is_blank ? ' ' : c);
  }
  return line;
}

// The length of a sentence's end that begins at `at` ("." before white space, "。"), 0 when none does.
std::size_t sentence_end(std::string_view text, std::size_t at) {
  constexpr auto kWideEnds = std::to_array<std::string_view>({"。", "！", "？"});
  const char first = text[at];
  const bool is_mark = first == '.' || first == '!' || first == '?';
  if (!is_mark && static_cast<unsigned char>(first) < 0x80) return 0;  // most
  for (const std::string_view end : kWideEnds) {
    if (text.substr(at).starts_with(end)) return end.size();
  }
  if (!is_mark) return 0;
  const bool is_last = at + 1 == text.size();
  return is_last || kWhiteSpace.find(text[at + 1]) != std::string_view::npos ? 1 : 0;
}

void add_sentences(std::string_view block, std::vector<std::string>& sentences) {
  const std::string plain = without_marks(block);
  const auto add = [&](std::string_view part) {
    std::string line = on_one_line(part);
    if (!line.empty()) sentences.push_back(std::move(line));
  };
  std::size_t begin = 0;
  for (std::size_t at = 0; at < plain.size(); ++at) {
    const std::size_t length = sentence_end(plain, at);
    if (length == 0) continue;
    add(std::string_view(plain).substr(begin, at + length - begin));
    begin = at + length;
    at = begin - 1;
  }
  add(std::string_view(plain).substr(begin));
}

}  // namespace

std::vector<std::string> split_sentences(std::string_view text) {
  std::vector<std::string> sentences;
  std::string block;  // lines that were broken only to fit the page
  const auto finish_block = [&] {
    add_sentences(block, sentences);
    block.clear();
  };
  while (!text.empty()) {
    const std::size_t line_end = std::min(text.find('\n'), text.size());
    std::string_view line = trimmed(text.substr(0, line_end));
    text.remove_prefix(std::min(line_end + 1, text.size()));
    const std::size_t marker = list_marker(line);
    const bool is_row = line.starts_with('|');
    const bool is_skipped = line.starts_with('#') || line.starts_with("```") || is_rule(line);
    if (marker != 0 || is_row || is_skipped) finish_block();
    if (is_skipped) continue;
    line.remove_prefix(marker);
    while (line.starts_with("> ")) line.remove_prefix(2);
    block.append(line).push_back('\n');
    if (is_row) finish_block();
  }
  finish_block();
  return sentences;
}

std::string shortened(std::string_view text, std::size_t max_bytes) {
  // Twice the bound is enough to know that there is more, however long the text is.
  const std::string line = on_one_line(base::utf8_prefix(text, 2 * max_bytes + 4));
  if (line.size() <= max_bytes) return line;
  if (max_bytes < kEllipsis.size()) return {};
  return std::string(cut_at_word(line, max_bytes - kEllipsis.size())) + std::string(kEllipsis);
}

std::string_view cut_at_word(std::string_view text, std::size_t max_bytes) {
  const std::string_view head = base::utf8_prefix(text, max_bytes);
  if (head.size() == text.size() || kWhiteSpace.find(text[head.size()]) != std::string_view::npos) return head;
  const std::size_t space = head.find_last_of(kWhiteSpace);
  // A blank in its first half means that one word takes up most of it: rather cut that word.
  return space == std::string_view::npos || space < head.size() / 2 ? head : head.substr(0, space);
}

}  // namespace chatcore::llm
