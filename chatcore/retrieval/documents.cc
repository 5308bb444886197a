#include "chatcore/retrieval/documents.h"

#include <algorithm>
#include <cctype>
#include <utility>

#include "base/utf8.h"
#include "chatcore/retrieval/html_text.h"
#include "chatcore/retrieval/pdf_text.h"

namespace chatcore::retrieval {
namespace {

using base::Code;

constexpr char32_t kReplacement = 0xFFFD;
// A file counts as text if at most one byte in this many is not text.
constexpr std::size_t kMostBadShare = 10;

bool has_suffix(std::string_view name, std::initializer_list<std::string_view> suffixes) {
  return std::ranges::any_of(suffixes, [&](std::string_view suffix) {
    return name.size() >= suffix.size() &&
           std::ranges::equal(name.substr(name.size() - suffix.size()), suffix, {},
                              [](char c) { return static_cast<char>(std::tolower(static_cast<unsigned char>(c))); });
  });
}

// A unit without its partner becomes U+FFFD.
std::string from_utf16(std::string_view bytes, bool is_big_endian) {
  const auto unit_at = [&](std::size_t at) {
    const auto first = static_cast<unsigned char>(bytes[at]);
    const auto second = static_cast<unsigned char>(bytes[at + 1]);
    return static_cast<char32_t>(is_big_endian ? first << 8 | second : second << 8 | first);
  };
  std::string text;
  for (std::size_t at = 0; at + 1 < bytes.size(); at += 2) {
    char32_t value = unit_at(at);
    const bool is_high = value >= 0xD800 && value < 0xDC00;
    const char32_t low = is_high && at + 3 < bytes.size() ? unit_at(at + 2) : 0;
    if (low >= 0xDC00 && low < 0xE000) {
      value = 0x10000 + ((value - 0xD800) << 10) + (low - 0xDC00);
      at += 2;
    } else if (value >= 0xD800 && value < 0xE000) {
      value = kReplacement;
    }
    base::append_utf8(text, value);
  }
  return text;
}

// Control characters that do not occur in text; many of them mean a binary file.
bool is_control(char32_t value) {
  return value < ' ' && value != '\t' && value != '\n' && value != '\r' && value != '\f' && value != '\v' &&
         value != 0x1B;
}

}  // namespace

base::Result<Document> clean_text(std::string bytes) {
  if (bytes.starts_with("\xFF\xFE")) bytes = from_utf16(std::string_view(bytes).substr(2), false);
  if (bytes.starts_with("\xFE\xFF")) bytes = from_utf16(std::string_view(bytes).substr(2), true);
  if (bytes.starts_with("\xEF\xBB\xBF")) bytes.erase(0, 3);
  Document document;
  std::size_t controls = 0;
  document.text.reserve(bytes.size());
  for (std::size_t at = 0; at < bytes.size();) {
    const base::CodePoint point = base::decode_utf8(bytes, at);
    const bool is_bad = point.value == kReplacement && point.length == 1;
    if (is_bad)
      base::append_utf8(document.text, kReplacement);
    else if (point.value != 0)
      document.text.append(bytes, at, point.length);
    document.bad_bytes += is_bad || point.value == 0 ? 1 : 0;
    controls += is_control(point.value) ? 1 : 0;
    at += point.length;
  }
  const std::size_t no_text = std::max(document.bad_bytes, controls);
  if (no_text * kMostBadShare > bytes.size()) return base::fail(Code::invalid_argument, "binary; only text is read");
  return document;
}

std::string_view without_front_matter(std::string_view markdown) {
  const std::string_view fence = markdown.substr(0, 3);
  if (fence != "---" && fence != "+++") return markdown;
  const auto line_end = markdown.find('\n');
  const auto is_fence = [&](std::string_view line) {
    while (line.ends_with(' ') || line.ends_with('\r')) line.remove_suffix(1);
    return line == fence || (fence == "---" && line == "...");
  };
  if (line_end == std::string_view::npos || !is_fence(markdown.substr(0, line_end))) return markdown;
  // A rule across the page is followed by text; front matter by a key, a comment or its end.
  const std::string_view first = markdown.substr(line_end + 1, markdown.find('\n', line_end + 1) - line_end - 1);
  const char separator = fence == "---" ? ':' : '=';
  if (!is_fence(first) && !first.starts_with('#') && first.find(separator) == std::string_view::npos) return markdown;
  for (std::size_t begin = line_end + 1; begin < markdown.size();) {
    const auto end = std::min(markdown.find('\n', begin), markdown.size());
    if (is_fence(markdown.substr(begin, end - begin))) return markdown.substr(std::min(end + 1, markdown.size()));
    begin = end + 1;
  }
  return markdown;  // never closed: a line across the page, not a front matter
}

base::Result<Document> read_document(const TextFile& file, std::size_t max_bytes) {
  if (has_suffix(file.name, {".pdf"})) {
    auto text = text_of_pdf(file.path, max_bytes);
    if (!text) return base::fail(text.error());
    return clean_text(std::move(*text));
  }
  auto bytes = read_text_file(file.path, max_bytes);
  if (!bytes) return base::fail(bytes.error());
  if (has_suffix(file.name, {".html", ".htm", ".xhtml"})) {
    auto page = text_of_html(*bytes);
    if (!page) return base::fail(page.error());
    auto document = clean_text(std::move(page->text));
    if (document) document->has_headings = true;
    if (document) document->is_cut = page->is_cut;
    return document;
  }
  auto document = clean_text(std::move(*bytes));
  if (document && has_suffix(file.name, {".md", ".markdown"})) {
    document->has_headings = true;
    document->text = std::string(without_front_matter(document->text));
  }
  return document;
}

}  // namespace chatcore::retrieval
