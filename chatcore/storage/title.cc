#include "chatcore/storage/title.h"

#include "base/utf8.h"

namespace chatcore::storage {
namespace {

constexpr std::size_t kLongestTitle = 80;
// A word longer than this is cut rather than left out.
constexpr std::size_t kLongestWordLeftOut = 20;

bool is_space(char c) { return static_cast<unsigned char>(c) <= ' ' || c == '\x7f'; }

}  // namespace

std::string title_from(std::string_view question) {
  std::string title;
  for (const char c : question) {
    if (!is_space(c)) {
      title.push_back(c);
    } else if (!title.empty() && title.back() != ' ') {
      title.push_back(' ');
    }
    if (title.size() > kLongestTitle) break;
  }
  if (title.size() > kLongestTitle) {
    std::size_t end = base::utf8_prefix(title, kLongestTitle).size();
    const std::size_t space = title.rfind(' ', end);
    if (space != std::string::npos && space + kLongestWordLeftOut >= end) end = space;
    title.resize(end);
  }
  while (!title.empty() && title.back() == ' ') title.pop_back();
  return title;
}

}  // namespace chatcore::storage
