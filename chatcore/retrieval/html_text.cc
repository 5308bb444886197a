#include "chatcore/retrieval/html_text.h"

#include <algorithm>
#include <array>
#include <limits>
#include <memory>

#include <libxml/HTMLparser.h>

namespace chatcore::retrieval {
namespace {

using namespace std::string_view_literals;

constexpr std::array kUnread = {"script"sv, "style"sv,  "noscript"sv, "template"sv, "svg"sv,
                                "head"sv,   "select"sv, "iframe"sv,   "object"sv};
constexpr std::array kBlocks = {"p"sv,       "div"sv,   "br"sv,      "li"sv,      "ul"sv,         "ol"sv,     "tr"sv,
                                "table"sv,   "pre"sv,   "section"sv, "header"sv,  "footer"sv,     "nav"sv,    "main"sv,
                                "article"sv, "aside"sv, "dt"sv,      "dd"sv,      "blockquote"sv, "hr"sv,     "form"sv,
                                "figure"sv,  "body"sv,  "option"sv,  "details"sv, "summary"sv,    "caption"sv};

std::string_view view(const xmlChar* text) { return text == nullptr ? "" : reinterpret_cast<const char*>(text); }

// 1 to 6 for h1 to h6, else 0.
std::size_t heading_level(std::string_view name) {
  return name.size() == 2 && name[0] == 'h' && name[1] >= '1' && name[1] <= '6'
             ? static_cast<std::size_t>(name[1] - '0')
             : 0;
}

class Reader {
 public:
  void read(const xmlNode* first) {
    // Recursion is bounded: libxml2 limits the depth to 256 (without HTML_PARSE_HUGE).
    for (const xmlNode* node = first; node != nullptr; node = node->next) {
      if (node->type == XML_TEXT_NODE || node->type == XML_CDATA_SECTION_NODE) add(view(node->content));
      if (node->type == XML_ELEMENT_NODE) read_element(*node);
    }
  }
  void add_title(std::string_view title) {
    text_ += "# ";
    add(title);
    end_line();
  }
  std::string take() && {
    end_line();
    return std::move(text_);
  }

 private:
  void read_element(const xmlNode& element) {
    const std::string_view name = view(element.name);
    if (std::ranges::find(kUnread, name) != kUnread.end()) return;
    const std::size_t level = heading_level(name);
    const bool is_block = level > 0 || std::ranges::find(kBlocks, name) != kBlocks.end();
    if (is_block) end_line();
    if (level > 0) {
      text_ += "\n" + std::string(level, '#') + " ";
      is_empty_line_ = true;
    }
    if (name == "li") text_ += "- ";
    if (name == "td" || name == "th") add(" ");
    read(element.children);
    if (is_block) end_line();
  }

  // Runs of white space are one space.
  void add(std::string_view piece) {
    for (const char c : piece) {
      const bool is_space = c == ' ' || c == '\t' || c == '\n' || c == '\r' || c == '\f';
      if (!is_space) {
        text_ += c;
        is_empty_line_ = false;
      } else if (!is_empty_line_ && !text_.ends_with(' ')) {
        text_ += ' ';
      }
    }
  }
  void end_line() {
    while (text_.ends_with(' ')) text_.pop_back();
    if (!text_.empty() && !text_.ends_with('\n')) text_ += '\n';
    is_empty_line_ = true;
  }

  std::string text_;
  bool is_empty_line_ = true;
};

const xmlNode* find_element(const xmlNode* first, std::string_view name) {
  for (const xmlNode* node = first; node != nullptr; node = node->next) {
    if (node->type == XML_ELEMENT_NODE && view(node->name) == name) return node;
  }
  return nullptr;
}

}  // namespace

std::string text_of_html(std::string_view html) {
  constexpr int kOptions =
      HTML_PARSE_RECOVER | HTML_PARSE_NOERROR | HTML_PARSE_NOWARNING | HTML_PARSE_NONET | HTML_PARSE_COMPACT;
  if (html.size() > static_cast<std::size_t>(std::numeric_limits<int>::max())) return "";
  // A page without a declared encoding is read as UTF-8; libxml2's own default is Latin-1. It detects UTF-16 by the
  // byte order mark.
  const bool says_encoding = html.substr(0, 4096).find("charset") != std::string_view::npos ||
                             html.starts_with("\xff\xfe") || html.starts_with("\xfe\xff");
  const std::unique_ptr<xmlDoc, void (*)(xmlDocPtr)> document(
      htmlReadMemory(html.data(), static_cast<int>(html.size()), nullptr, says_encoding ? nullptr : "UTF-8", kOptions),
      xmlFreeDoc);
  if (!document) return "";
  const xmlNode* root = xmlDocGetRootElement(document.get());
  Reader reader;
  const xmlNode* head = root == nullptr ? nullptr : find_element(root->children, "head");
  const xmlNode* title = head == nullptr ? nullptr : find_element(head->children, "title");
  if (title != nullptr && title->children != nullptr) reader.add_title(view(title->children->content));
  reader.read(root);
  return std::move(reader).take();
}

}  // namespace chatcore::retrieval
