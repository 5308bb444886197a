#include "chatcore/retrieval/hashed_embedder.h"

#include <algorithm>
#include <array>
#include <cmath>
#include <cstdint>
#include <unordered_map>

#include "base/utf8.h"
#include "chatcore/retrieval/lexical.h"
#include "chatcore/retrieval/synonyms.h"
#include "chatcore/retrieval/word_hash.h"
#include "chatcore/retrieval/words.h"

namespace chatcore::retrieval {
namespace {

constexpr std::size_t kDimensions = 384;

// Measured on the questions of the hit rate test: anything from 0.2 to 0.4 is as good. The word itself as a feature
// beside its stem, or each feature in several dimensions, found less.
constexpr float kStemShare = 1.0F;
constexpr float kTrigramShare = 0.3F;
constexpr float kSynonymShare = 0.3F;    // in questions alone
constexpr float kStopWordShare = 0.05F;  // not 0: a question of nothing but such words still has a direction

enum class Kind : std::uint64_t { stem = 2, trigram = 3 };

struct Word {
  float count = 0;
  float share = 1;
};

// Sorted by word, so that sums are formed in the same order everywhere and come out the same to the last bit.
std::vector<std::pair<std::string, Word>> count_words(std::string_view text) {
  std::unordered_map<std::string, Word> counted;
  for (std::string& word : split_words(text)) {
    const float share = is_stop_word(word) ? kStopWordShare : 1.0F;
    Word& term = counted[std::move(word)];
    term.count += 1;
    term.share = share;
  }
  std::vector<std::pair<std::string, Word>> terms(counted.begin(), counted.end());
  std::sort(terms.begin(), terms.end(), [](const auto& a, const auto& b) { return a.first < b.first; });
  return terms;
}

class Accumulator {
 public:
  void add(Kind kind, std::string_view feature, float amount) {
    const std::uint64_t hash = hash_word(feature, static_cast<std::uint64_t>(kind));
    sums_[(hash & 0x7FFF) % kDimensions] += (hash & 0x8000) != 0 ? amount : -amount;
  }
  // "^word$" in overlapping threes of code points: what misspellings and endings unknown to stem() still share.
  void add_trigrams(std::string_view word, float amount) {
    const std::string framed = "^" + std::string(word) + "$";
    for (std::size_t at = 0;;) {
      const std::size_t end = base::forward_code_points(framed, at, 3);
      add(Kind::trigram, std::string_view(framed).substr(at, end - at), amount);
      if (end == framed.size()) return;
      at = base::forward_code_points(framed, at, 1);
    }
  }
  [[nodiscard]] std::vector<float> unit_vector() const {
    float square = 0;
    for (const float sum : sums_) square += sum * sum;
    std::vector<float> vector(sums_.begin(), sums_.end());
    if (square > 0) {
      const float length = std::sqrt(square);
      for (float& number : vector) number /= length;
    }
    return vector;
  }

 private:
  std::array<float, kDimensions> sums_{};
};

}  // namespace

base::Result<std::vector<float>> HashedEmbedder::embed(std::string_view text, std::span<const float> weights) const {
  Accumulator sums;
  for (const auto& [word, term] : count_words(text)) {
    const std::string stemmed = stem(word);
    const float rarity = rarity_of(weights, stemmed);
    // The square root stands for the usual logarithm: sublinear too, and exact by IEEE 754 on every machine.
    const float amount = std::sqrt(term.count) * term.share * rarity;
    sums.add(Kind::stem, stemmed, amount * kStemShare);
    sums.add_trigrams(word, amount * kTrigramShare);
    if (are_rarities(weights) && !is_stop_word(word)) {
      for (const std::string& synonym : synonyms_of(stemmed)) sums.add(Kind::stem, synonym, amount * kSynonymShare);
    }
  }
  return sums.unit_vector();
}

std::shared_ptr<const Embedder> make_built_in_embedder() { return std::make_shared<HashedEmbedder>(); }

}  // namespace chatcore::retrieval
