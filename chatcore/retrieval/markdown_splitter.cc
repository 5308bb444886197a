#include "chatcore/retrieval/markdown_splitter.h"

#include <algorithm>

#include "base/utf8.h"

namespace chatcore::retrieval {
namespace {

constexpr std::size_t kMaxLevels = 6;
constexpr std::size_t kMaxHeadingsBytes = 200;

// 1 to 6 for "# " to "###### ", 0 for any other line.
std::size_t level_of(std::string_view line) {
  const std::size_t level = std::min(line.find_first_not_of('#'), line.size());
  return level <= kMaxLevels && level < line.size() && line[level] == ' ' ? level : 0;
}

std::string_view title_of(std::string_view line, std::size_t level) {
  line.remove_prefix(level);
  const std::size_t first = line.find_first_not_of(' ');
  const std::size_t last = line.find_last_not_of("# \t\r");
  return first == std::string_view::npos || last == std::string_view::npos || last < first
             ? std::string_view()
             : line.substr(first, last - first + 1);
}

bool is_fence(std::string_view line) { return line.starts_with("```") || line.starts_with("~~~"); }

// The headings in force, as lines of the text go by.
class Headings {
 public:
  explicit Headings(std::string_view text) : text_(text) {}

  // Takes in all lines that begin before `position`.
  void advance_to(std::size_t position) {
    while (at_ < position) {
      const std::size_t end = std::min(text_.find('\n', at_), text_.size());
      take(text_.substr(at_, end - at_));
      at_ = end + 1;
    }
  }
  // "Guide > Memory", without what is deeper than `below` levels.
  [[nodiscard]] std::string path(std::size_t below) const {
    std::string path;
    for (std::size_t level = 0; level < std::min(titles_.size(), below); ++level) {
      if (titles_[level].empty()) continue;
      if (!path.empty()) path += " > ";
      path += titles_[level];
    }
    return std::string(base::utf8_prefix(path, kMaxHeadingsBytes));
  }

 private:
  void take(std::string_view line) {
    if (is_fence(line)) is_code_ = !is_code_;
    const std::size_t level = is_code_ ? 0 : level_of(line);
    if (level == 0) return;
    titles_.resize(level);
    titles_[level - 1] = title_of(line, level);
  }

  std::string_view text_;
  std::size_t at_ = 0;
  bool is_code_ = false;
  std::vector<std::string_view> titles_;  // by level; empty where one was left out
};

}  // namespace

std::vector<std::string> split_markdown(std::string_view text, const SplitOptions& options) {
  Headings headings(text);
  std::vector<std::string> pieces;
  for (const std::string_view piece : split_text(text, options)) {
    headings.advance_to(static_cast<std::size_t>(piece.data() - text.data()));
    // A piece that begins with a heading says itself what that one says.
    const std::size_t own_level = level_of(piece.substr(0, piece.find('\n')));
    const std::string path = headings.path(own_level == 0 ? kMaxLevels : own_level - 1);
    pieces.push_back(path.empty() ? std::string(piece) : path + "\n" + std::string(piece));
  }
  return pieces;
}

}  // namespace chatcore::retrieval
