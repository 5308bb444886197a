#pragma once
// As much of Unicode as splitting and embedding need: code points, what belongs to a word, lower case of the
// alphabets that have one in everyday text (Latin, Greek, Cyrillic). Pure; never fails on bad bytes.

#include <cstddef>
#include <string>
#include <string_view>

namespace chatcore::retrieval {

struct CodePoint {
  char32_t value = 0;      // U+FFFD for a byte that belongs to no valid sequence
  std::size_t length = 1;  // bytes it takes, 1 for such a byte
};

// The code point that begins at byte `at`, which must lie inside `text`. Overlong forms, surrogates and values above
// U+10FFFF are invalid.
CodePoint decode_utf8(std::string_view text, std::size_t at);
bool is_valid_utf8(std::string_view text);
void append_utf8(std::string& text, char32_t value);

// The byte position `count` code points after `at`, or the end of the text.
std::size_t forward_code_points(std::string_view text, std::size_t at, std::size_t count);
// The byte position `count` code points before `at` (a boundary), or 0.
std::size_t back_code_points(std::string_view text, std::size_t at, std::size_t count);
// The longest beginning of `text` that has at most `max_bytes` and cuts no code point.
std::string_view utf8_prefix(std::string_view text, std::size_t max_bytes);

// As a word is compared, in whatever way it was typed: without accents (é → e), and with one form of the Arabic letters
// that Persian keyboards and Arabic ones give differently. Of lower case.
char32_t fold(char32_t value);
// Accents and vowel signs that follow their letter, and what only lengthens a line.
bool is_mark(char32_t value);

// A letter, a digit or a mark on one. Everything outside ASCII is, except what is known as space or punctuation.
bool is_word_character(char32_t value);
// Ideographs, kana and Hangul: written without spaces, so that each stands for a word of its own.
bool is_unspaced_script(char32_t value);
char32_t to_lower(char32_t value);

}  // namespace chatcore::retrieval
