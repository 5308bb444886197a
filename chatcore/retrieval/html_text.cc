#include "chatcore/retrieval/html_text.h"

#include <algorithm>
#include <array>
#include <limits>
#include <memory>
#include <utility>

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

// Elements nested deeper than this are not read: for an end tag without a beginning, libxml2 looks through all that are
// open. Pages nest tens deep, broken ones (tags that are never closed) hundreds.
constexpr std::size_t kMaxDepth = 10'000;

// Takes the parser's events. No tree is built: libxml2 stops one at a depth of 256.
class Reader {
 public:
  // Each element that begins also ends, as the parser closes those that the page leaves open.
  void begin_element(std::string_view name) {
    ++depth_;
    if (name == "title" && depth_ == head_depth_ + 1 && head_depth_ != 0 && title_.empty()) title_depth_ = depth_;
    if (name == "head" && head_depth_ == 0) head_depth_ = depth_;
    if (unread_depth_ != 0) return;
    if (std::ranges::find(kUnread, name) != kUnread.end()) {
      unread_depth_ = depth_;
      return;
    }
    const std::size_t level = heading_level(name);
    if (is_block(name)) end_line();
    if (level > 0) {
      text_ += "\n" + std::string(level, '#') + " ";
      is_empty_line_ = true;
    }
    if (name == "li") text_ += "- ";
    if (name == "td" || name == "th") add(" ");
  }
  void end_element(std::string_view name) {
    if (unread_depth_ == 0 && is_block(name)) end_line();
    if (unread_depth_ == depth_) unread_depth_ = 0;
    if (head_depth_ == depth_) head_depth_ = 0;
    if (title_depth_ == depth_) title_depth_ = 0;
    if (depth_ > 0) --depth_;
  }
  void add_text(std::string_view piece) {
    if (title_depth_ != 0) title_ += piece;
    if (unread_depth_ == 0) add(piece);
  }
  [[nodiscard]] bool is_too_deep() const { return depth_ > kMaxDepth; }

  std::string take() && {
    end_line();
    if (title_.empty()) return std::move(text_);
    Reader title;
    title.text_ = "# ";
    title.add(title_);
    title.end_line();
    return title.text_ + text_;
  }

 private:
  static bool is_block(std::string_view name) {
    return heading_level(name) > 0 || std::ranges::find(kBlocks, name) != kBlocks.end();
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
  std::string title_;
  bool is_empty_line_ = true;
  std::size_t depth_ = 0;       // of open elements
  std::size_t head_depth_ = 0;  // that of the open <head>, of its <title>, of an element that is not read; 0: none
  std::size_t title_depth_ = 0;
  std::size_t unread_depth_ = 0;
};

struct Parsing {
  Reader reader;
  xmlParserCtxt* context = nullptr;
  bool is_cut = false;
};

Parsing& parsing_of(void* data) { return *static_cast<Parsing*>(data); }

xmlSAXHandler handler() {
  xmlSAXHandler events{};
  events.startElement = [](void* data, const xmlChar* name, const xmlChar** /*attributes*/) {
    auto& parsing = parsing_of(data);
    parsing.reader.begin_element(view(name));
    if (!parsing.reader.is_too_deep()) return;
    parsing.is_cut = true;
    xmlStopParser(parsing.context);
  };
  events.endElement = [](void* data, const xmlChar* name) { parsing_of(data).reader.end_element(view(name)); };
  events.characters = [](void* data, const xmlChar* text, int size) {
    parsing_of(data).reader.add_text({reinterpret_cast<const char*>(text), static_cast<std::size_t>(size)});
  };
  events.cdataBlock = events.characters;
  return events;
}

}  // namespace

base::Result<HtmlText> text_of_html(std::string_view html) {
  constexpr int kOptions = HTML_PARSE_RECOVER | HTML_PARSE_NOERROR | HTML_PARSE_NOWARNING | HTML_PARSE_NONET;
  if (html.size() > static_cast<std::size_t>(std::numeric_limits<int>::max()))
    return base::fail(base::Code::too_large, "HTML of more than 2 GiB");
  // A page without a declared encoding is read as UTF-8; libxml2's own default is Latin-1. It detects UTF-16 by the
  // byte order mark.
  const bool says_encoding = html.substr(0, 4096).find("charset") != std::string_view::npos ||
                             html.starts_with("\xff\xfe") || html.starts_with("\xfe\xff");
  const std::unique_ptr<xmlParserCtxt, void (*)(xmlParserCtxtPtr)> context(htmlNewParserCtxt(), htmlFreeParserCtxt);
  if (!context) return base::fail(base::Code::exhausted, "no memory to parse HTML");
  Parsing parsing;
  parsing.context = context.get();
  *context->sax = handler();
  context->userData = &parsing;
  const std::unique_ptr<xmlDoc, void (*)(xmlDocPtr)> no_document(
      htmlCtxtReadMemory(context.get(), html.data(), static_cast<int>(html.size()), nullptr,
                         says_encoding ? nullptr : "UTF-8", kOptions),
      xmlFreeDoc);
  return HtmlText{.text = std::move(parsing.reader).take(), .is_cut = parsing.is_cut};
}

}  // namespace chatcore::retrieval
