#pragma once
// As much of Unicode as splitting and embedding need: what belongs to a word, lower case of the alphabets that have one
// in everyday text (Latin, Greek, Cyrillic). Pure.

namespace chatcore::retrieval {

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
