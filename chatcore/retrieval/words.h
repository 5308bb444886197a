#pragma once
// Text as words: lower case, without punctuation, and with their English endings taken off where that is wanted.
// Shared by the embedder and by the answerer, so that both mean the same by "the same word". Pure.

#include <string>
#include <string_view>
#include <vector>

namespace chatcore::retrieval {

// Words in order, lower case and without accents. `mem_limit` and `time-to-live` are several words; an ideograph is one
// of its own. A word is cut at 64 code points: longer ones are data, not language.
std::vector<std::string> split_words(std::string_view text);

// The word without its ending: "connections" and "connected" both give "connect". Only ASCII words are touched;
// others come back as they are.
std::string stem(std::string_view word);

// "the", "of", "what", "und": words that say nothing about the subject.
bool is_stop_word(std::string_view word);

}  // namespace chatcore::retrieval
