#include "chatcore/retrieval/documents.h"

#include <string>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "base/utf8.h"
#include "chatcore/retrieval/html_text.h"
#include "chatcore/retrieval/pdf_text.h"
#include "tests/base/temporary_folder.h"

namespace chatcore::retrieval {
namespace {

using ::testing::HasSubstr;
using std::string_literals::operator""s;

std::string cleaned(std::string bytes) {
  const auto document = clean_text(std::move(bytes));
  return document ? document->text : "refused: " + document.error().message;
}

TEST(CleanText, KeepsTextAsItIs) {
  EXPECT_EQ(cleaned("plain"), "plain");
  EXPECT_EQ(cleaned("سلام, 你好, é 🐈\n"), "سلام, 你好, é 🐈\n");
  EXPECT_EQ(cleaned(""), "");
}

TEST(CleanText, ReplacesAFewBadBytes) {
  EXPECT_EQ(cleaned("caf\xE9 au lait"), "caf\xEF\xBF\xBD au lait");
  EXPECT_EQ(cleaned("one NUL \0 in a line"s), "one NUL  in a line");
  EXPECT_EQ(cleaned("cut in a character \xF0\x9F"), "cut in a character \xEF\xBF\xBD\xEF\xBF\xBD");
  EXPECT_EQ(clean_text("caf\xE9 au lait")->bad_bytes, 1U);
  EXPECT_EQ(cleaned("\xEF\xBB\xBFmarked"), "marked");
}

TEST(CleanText, ReadsUtf16WithAByteOrderMark) {
  EXPECT_EQ(cleaned("\xFF\xFEh\0i\0"s), "hi");
  EXPECT_EQ(cleaned("\xFE\xFF\0h\0i"s), "hi");
  EXPECT_EQ(cleaned("\xFF\xFE\x3D\xD8\x08\xDC"s), "🐈");
  EXPECT_EQ(cleaned("\xFF\xFEh\0e\0l\0l\0o\0w\0o\0r\0l\0d\0s\0\x3D\xD8"s), "helloworlds\xEF\xBF\xBD");
}

TEST(CleanText, RefusesBinaryData) {
  EXPECT_THAT(cleaned("\x7F"
                      "ELF\2\1\1\0\0\0\0\0\0\0\0\0"s),
              HasSubstr("binary"));
  EXPECT_THAT(cleaned(std::string(100, '\xFF')), HasSubstr("binary"));
}

TEST(FrontMatter, IsLeftOut) {
  EXPECT_EQ(without_front_matter("---\ntitle: x\n---\n# Text\n"), "# Text\n");
  EXPECT_EQ(without_front_matter("---\r\ntitle: x\r\n---\r\nText"), "Text");
  EXPECT_EQ(without_front_matter("+++\ntitle = 'x'\n+++\nText"), "Text");
  EXPECT_EQ(without_front_matter("---\ntitle: x\n...\nText"), "Text");
  EXPECT_EQ(without_front_matter("---\ntitle: x\n---"), "");
}

TEST(FrontMatter, IsNotTextBetweenTwoRules) {
  for (const char* text :
       {"---\n\nA rule at the top\n\n---\n\nafter", "---\nplain text\n---\nafter", "+++\na: b\n+++\nafter"})
    EXPECT_EQ(without_front_matter(text), text);
  EXPECT_EQ(without_front_matter("---\n# comment\ntitle: x\n---\nText"), "Text");
  EXPECT_EQ(without_front_matter("---\n---\nText"), "Text");
}

TEST(Html, IsReadInUtf16WithAByteOrderMark) {
  const std::string_view page = "<html><body><p>sixteen bits</p></body></html>";
  std::string little = "\xff\xfe";
  std::string big = "\xfe\xff";
  for (const char c : page) {
    little += c;
    little += '\0';
    big += '\0';
    big += c;
  }
  EXPECT_EQ(text_of_html(little).value().text, "sixteen bits\n");
  EXPECT_EQ(text_of_html(big).value().text, "sixteen bits\n");
}

TEST(FrontMatter, IsNotAnyHorizontalRule) {
  for (const char* text :
       {"# Text\n---\nmore", "---\nnever closed\n", "---- \na\n---\n", "text\n---\na\n---\n", "---", ""}) {
    EXPECT_EQ(without_front_matter(text), text);
  }
}

TEST(Html, BecomesItsVisibleText) {
  EXPECT_EQ(text_of_html("<title>T</title><h1>One</h1><p>a  <i>b</i>\n c</p><ul><li>x<li>y</ul>"
                         "<script>var a = '<p>no</p>'</script><style>p {}</style><!-- no -->"
                         "<table><tr><td>1<td>2</table>&amp; &eacute; &#128008;")
                .value()
                .text,
            "# T\n\n# One\na b c\n- x\n- y\n1 2\n& é 🐈\n");
}

TEST(Html, IsReadEvenIfMalformed) {
  EXPECT_EQ(text_of_html("").value().text, "");
  EXPECT_EQ(text_of_html("just text").value().text, "just text\n");
  EXPECT_EQ(text_of_html("<p>open <b>never closed").value().text, "open never closed\n");
  EXPECT_EQ(text_of_html("<p>سلام</p>").value().text, "سلام\n");
  EXPECT_EQ(text_of_html("<meta charset='iso-8859-1'><p>caf\xE9</p>").value().text, "café\n");
}

TEST(Html, IsReadHoweverDeepItsElementsAreNestedUnlessItIsSaid) {
  const auto nested = [](int depth) {
    std::string page = "<p>before</p>";
    for (int i = 0; i < depth; ++i) page += "<div>";
    page += "deep";
    for (int i = 0; i < depth; ++i) page += "</div>";
    return text_of_html(page + "<p>after</p>").value();
  };
  for (const int depth : {200, 300, 9'000}) {
    const auto page = nested(depth);
    EXPECT_EQ(page.text, "before\ndeep\nafter\n") << depth;
    EXPECT_FALSE(page.is_cut);
  }
  const auto cut = nested(100'000);
  EXPECT_EQ(cut.text, "before\n");
  EXPECT_TRUE(cut.is_cut);
}

TEST(Html, ATitleIsReadOnceAndOnlyOfTheHead) {
  EXPECT_EQ(text_of_html("<head><script>x</script><title> A  B</title></head><body>c<svg><title>d</title></svg>e")
                .value()
                .text,
            "# A B\nce\n");
}

TEST(Pdf, IsReadWherePdftotextIs) {
  const base::TemporaryFolder folder;
  // One page that says "Cats sleep at noon".
  const std::string stream = "BT /F1 24 Tf 72 720 Td (Cats sleep at noon) Tj ET";
  const auto file = folder.write(
      "cats.pdf",
      "%PDF-1.4\n1 0 obj<</Type/Catalog/Pages 2 0 R>>endobj\n2 0 obj<</Type/Pages/Kids[3 0 R]/Count 1>>endobj\n"
      "3 0 obj<</Type/Page/Parent 2 0 R/MediaBox[0 0 612 792]/Contents 4 0 R/Resources<</Font<</F1 5 0 R>>>>>>endobj\n"
      "4 0 obj<</Length " +
          std::to_string(stream.size()) + ">>stream\n" + stream +
          "\nendstream endobj\n"
          "5 0 obj<</Type/Font/Subtype/Type1/BaseFont/Helvetica>>endobj\ntrailer<</Root 1 0 R/Size 6>>\n%%EOF\n");
  const auto text = text_of_pdf(file, 1 << 20);
  if (!text && text.error().code == base::Code::not_found) GTEST_SKIP() << text.error().message;
  ASSERT_TRUE(text) << text.error().message;
  EXPECT_THAT(*text, HasSubstr("Cats sleep at noon"));
  EXPECT_EQ(text_of_pdf(file, 4).error().code, base::Code::too_large);
}

TEST(Pdf, WithoutPdftotextSaysWhatToInstall) {
  const auto text = text_of_pdf("/dev/null", 1 << 20, "no-such-program");
  ASSERT_FALSE(text);
  EXPECT_EQ(text.error().code, base::Code::not_found);
  EXPECT_THAT(text.error().message, HasSubstr("apt install poppler-utils"));
}

}  // namespace
}  // namespace chatcore::retrieval
