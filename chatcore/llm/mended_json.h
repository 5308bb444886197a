#pragma once
// JSON as backends write it that a strict parser refuses, and its texts as they were meant. Some backends cut their
// text by tokens and not by letters, so that an event ends with the first half of a surrogate pair or of a UTF-8
// sequence and the next one begins with the other half; some write NaN for a number that they do not have. Pure.

#include <string>
#include <string_view>

namespace chatcore::llm {

// The text in a form that parses, if that was all that was wrong with it: outside of strings NaN and infinities become
// null; inside them a raw control character is escaped, and a half of a letter stands as a private code point that
// LetterJoiner understands.
std::string mend_json(std::string_view text);

// Puts the pieces of one text together. What it returns is valid UTF-8; half a letter at a piece's end is kept for the
// next one, and becomes U+FFFD when the other half does not come. Use from one thread at a time.
class LetterJoiner {
 public:
  // `is_mended`: the piece comes out of a document that mend_json() has mended.
  std::string join(std::string_view piece, bool is_mended);
  // U+FFFD when the text has ended within a letter, else nothing.
  std::string rest();

 private:
  void take(char32_t value, std::string& text);
  void take_byte(char byte, std::string& text);
  void give_up_half(std::string& text);

  char32_t high_ = 0;  // a high surrogate whose low one has not come; 0: none
  std::string bytes_;  // the beginning of a UTF-8 sequence
};

}  // namespace chatcore::llm
