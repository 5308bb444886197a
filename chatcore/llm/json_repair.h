#pragma once
// Repairs invalid JSON of backends. Some split their text between tokens instead of characters, so that one event ends
// with the first half of a surrogate pair or UTF-8 sequence and the next event begins with the other half. Some write
// NaN for a missing number. Pure.

#include <string>
#include <string_view>

namespace chatcore::llm {

// Returns the JSON text repaired: outside of strings NaN and infinities become null; inside strings raw control
// characters are escaped, and half of a character becomes a private code point that CharacterJoiner decodes. Other
// errors remain.
std::string repair_json(std::string_view text);

// Joins the pieces of one text. Returns valid UTF-8. Half of a character at a piece's end is kept for the next piece,
// and becomes U+FFFD if the other half does not come. Use from one thread at a time.
class CharacterJoiner {
 public:
  // `is_repaired`: the piece is from a document that repair_json() has repaired.
  std::string join(std::string_view piece, bool is_repaired);
  // Call at the text's end. Returns U+FFFD if half of a character is left, else "".
  std::string rest();

 private:
  void take(char32_t value, std::string& text);
  void take_byte(char byte, std::string& text);
  void give_up_half(std::string& text);

  char32_t high_ = 0;  // a high surrogate whose low one has not come; 0: none
  std::string bytes_;  // the beginning of a UTF-8 sequence
};

}  // namespace chatcore::llm
