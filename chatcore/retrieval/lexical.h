#pragma once
// How well the words of a text match those of a question, exactly: what a vector of hashed words only comes near to.
// The store keeps each chunk's words as numbers, and the best rows by vector are put into their final order with the
// help of this score (Okapi BM25, brought into 0..1, and the cosine of the two). Pure.

#include <bitset>
#include <cstddef>
#include <cstdint>
#include <span>
#include <string_view>
#include <vector>

namespace chatcore::retrieval {

// A stemmed word of a text: the upper 24 bits of its hash, and in the lower 8 how often it stands there (up to 255).
using Term = std::uint32_t;

// Each word once, ascending. Stop words are left out.
std::vector<Term> terms_of(std::string_view text);

// How much a word says about which text is meant: its inverse document frequency, as BM25 has it, in a table that
// words are hashed into. `documents` counts the texts whose terms were added.
class RarityCounter {
 public:
  RarityCounter();
  void add(std::span<const Term> text);
  [[nodiscard]] std::vector<float> rarities() const;

 private:
  std::size_t documents_ = 0;
  std::vector<std::uint32_t> containing_;
};

// Whether it is such a table.
bool are_rarities(std::span<const float> numbers);
// 1 for every word when `rarities` is no such table.
float rarity_of(std::span<const float> rarities, std::string_view stemmed);

class LexicalQuestion {
 public:
  LexicalQuestion(std::string_view question, std::span<const float> rarities);

  // 0: no word in common; 1: all, each many times, and none besides. `usual_terms` is the mean number of terms of a
  // text.
  [[nodiscard]] float match(std::span<const Term> text, float usual_terms) const;
  // False for a question without a word that says anything.
  [[nodiscard]] bool says_anything() const { return !shares_.empty(); }

 private:
  // A word to look for, or a synonym of it.
  struct Wanted {
    Term term = 0;  // without a count
    std::uint32_t word = 0;
    bool is_synonym = false;
  };
  static constexpr std::size_t kMarks = 1024;
  void want(Term term, std::size_t word, bool is_synonym);

  std::vector<float> shares_;    // of its words; they add up to 1
  std::vector<Wanted> wanted_;   // by term
  std::bitset<kMarks> marks_{};  // where a wanted term may be, so that most words of a text are passed by at once
  float length_ = 1;             // of the question as a vector of its words and their synonyms
};

}  // namespace chatcore::retrieval
