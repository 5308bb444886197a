#include "chatcore/retrieval/lexical.h"

#include <algorithm>
#include <cmath>
#include <string>

#include "chatcore/retrieval/synonyms.h"
#include "chatcore/retrieval/word_hash.h"
#include "chatcore/retrieval/words.h"

namespace chatcore::retrieval {
namespace {

constexpr std::size_t kBuckets = 16'384;
constexpr Term kCountMask = 0xFF;
// A question of more words is a pasted text, of which the first words say enough.
constexpr std::size_t kMaxQuestionWords = 64;

// BM25's two constants, at their usual values: how soon a repeated word says nothing more, and how much a long text's
// words count less.
constexpr float kSaturation = 1.2F;
constexpr float kLengthShare = 0.5F;
// What a word of about the same meaning counts for.
constexpr float kSynonymShare = 0.5F;

Term term_of(std::string_view stemmed) { return static_cast<Term>(hash_word(stemmed) >> 32) & ~kCountMask; }

// From the term, not from the word, so that tables can be made of a store's terms alone.
std::size_t bucket_of(Term term) { return (term >> 8) % kBuckets; }

std::vector<Term> bare_terms(std::string_view text) {
  std::vector<Term> terms;
  for (const std::string& word : split_words(text)) {
    if (!is_stop_word(word)) terms.push_back(term_of(stem(word)));
  }
  return terms;
}

float count_in(std::span<const Term> text, Term term) {
  const auto found = std::lower_bound(text.begin(), text.end(), term);
  return found != text.end() && (*found & ~kCountMask) == term ? static_cast<float>(*found & kCountMask) : 0;
}

}  // namespace

std::vector<Term> terms_of(std::string_view text) {
  std::vector<Term> terms = bare_terms(text);
  std::sort(terms.begin(), terms.end());
  std::vector<Term> counted;
  for (const Term term : terms) {
    if (counted.empty() || (counted.back() & ~kCountMask) != term) {
      counted.push_back(term + 1);
    } else if ((counted.back() & kCountMask) != kCountMask) {
      ++counted.back();
    }
  }
  return counted;
}

RarityCounter::RarityCounter() : containing_(kBuckets, 0) {}

void RarityCounter::add(std::span<const Term> text) {
  ++documents_;
  for (const Term term : text) ++containing_[bucket_of(term)];
}

std::vector<float> RarityCounter::rarities() const {
  std::vector<float> rarities;
  rarities.reserve(kBuckets);
  const auto total = static_cast<double>(documents_);
  for (const std::uint32_t containing : containing_) {
    // Two words of one text may share a bucket and count twice.
    const double count = std::min(total, static_cast<double>(containing));
    rarities.push_back(static_cast<float>(std::log1p((total - count + 0.5) / (count + 0.5))));
  }
  return rarities;
}

bool are_rarities(std::span<const float> numbers) { return numbers.size() == kBuckets; }

float rarity_of(std::span<const float> rarities, std::string_view stemmed) {
  return are_rarities(rarities) ? rarities[bucket_of(term_of(stemmed))] : 1.0F;
}

LexicalQuestion::LexicalQuestion(std::string_view question, std::span<const float> rarities) {
  float sum = 0;
  for (const std::string& word : split_words(question)) {
    if (words_.size() == kMaxQuestionWords) break;
    if (is_stop_word(word)) continue;
    const std::string stemmed = stem(word);
    const Term term = term_of(stemmed);
    if (std::any_of(words_.begin(), words_.end(), [&](const Word& known) { return known.term == term; })) continue;
    Word& added = words_.emplace_back(Word{term, {}, rarity_of(rarities, stemmed)});
    for (const std::string& synonym : synonyms_of(stemmed)) added.synonyms.push_back(term_of(synonym));
    sum += added.share;
  }
  for (Word& word : words_) word.share /= sum > 0 ? sum : 1;
}

float LexicalQuestion::match(std::span<const Term> text, float usual_terms) const {
  const float length = usual_terms > 0 ? static_cast<float>(text.size()) / usual_terms : 1;
  const float saturation = kSaturation * (1 - kLengthShare + kLengthShare * length);
  float sum = 0;
  for (const Word& word : words_) {
    float count = count_in(text, word.term);
    for (const Term synonym : word.synonyms) count = std::max(count, kSynonymShare * count_in(text, synonym));
    sum += word.share * count / (count + saturation);
  }
  return sum;
}

}  // namespace chatcore::retrieval
