#include "chatcore/retrieval/words.h"

#include <algorithm>
#include <array>
#include <unordered_set>

#include "base/utf8.h"
#include "chatcore/retrieval/letters.h"

namespace chatcore::retrieval {
namespace {

constexpr std::size_t kMaxWordCodePoints = 64;

// English, German and Persian, as split_words() gives them; words of one that say something in another are left out.
// In order, so that none is there twice.
constexpr auto kStopWords = std::to_array<std::string_view>({
    "a",      "aber",  "about", "after",  "all",     "alle",  "als",    "also",    "am",    "an",    "and",   "any",
    "are",    "as",    "at",    "auch",   "auf",     "aus",   "be",     "because", "been",  "bei",   "beim",  "being",
    "bis",    "both",  "but",   "by",     "can",     "could", "d",      "da",      "dann",  "das",   "dass",  "dein",
    "dem",    "den",   "der",   "des",    "dich",    "did",   "dir",    "do",      "doch",  "does",  "doesn", "doing",
    "don",    "durch", "each",  "ein",    "eine",    "einem", "einen",  "einer",   "eines", "es",    "euch",  "for",
    "from",   "get",   "gibt",  "habe",   "haben",   "had",   "has",    "have",    "he",    "her",   "here",  "hier",
    "him",    "his",   "how",   "i",      "ich",     "if",    "ihr",    "im",      "in",    "into",  "is",    "isn",
    "ist",    "it",    "its",   "ja",     "jede",    "jeder", "just",   "kann",    "kein",  "keine", "ll",    "m",
    "many",   "may",   "me",    "mein",   "mich",    "mir",   "more",   "most",    "much",  "must",  "my",    "nach",
    "nicht",  "no",    "noch",  "nor",    "not",     "now",   "nur",    "oder",    "of",    "on",    "one",   "only",
    "or",     "other", "our",   "out",    "over",    "own",   "please", "re",      "s",     "same",  "sein",  "she",
    "should", "sich",  "sie",   "sind",   "so",      "some",  "sowie",  "such",    "t",     "tell",  "than",  "that",
    "the",    "their", "them",  "then",   "there",   "these", "they",   "this",    "those", "to",    "too",   "um",
    "und",    "under", "uns",   "unter",  "up",      "us",    "ve",     "very",    "viel",  "vom",   "von",   "wann",
    "warum",  "was",   "we",    "welche", "welcher", "wenn",  "wer",    "werden",  "were",  "what",  "when",  "where",
    "which",  "while", "who",   "why",    "wie",     "will",  "wir",    "wird",    "with",  "wo",    "would", "you",
    "your",   "zu",    "zum",   "zur",    "از",      "است",   "ان",     "او",      "ایا",   "این",   "با",    "بر",
    "برای",   "به",    "تا",    "در",     "را",      "شما",   "ما",     "من",      "می",    "ها",    "های",   "هر",
    "هم",     "و",     "چرا",   "چقدر",   "چند",     "چه",    "کجا",    "که",      "کی",    "یا",    "یک",
});
static_assert(std::is_sorted(kStopWords.begin(), kStopWords.end()));

bool is_ascii_lower(std::string_view word) {
  return std::all_of(word.begin(), word.end(), [](char c) { return c >= 'a' && c <= 'z'; });
}

bool is_vowel(char c) { return std::string_view("aeiouy").find(c) != std::string_view::npos; }

bool has_vowel(std::string_view word) { return std::any_of(word.begin(), word.end(), is_vowel); }

// Takes `ending` off when at least `shortest` characters with a vowel among them are left.
bool take_off(std::string& word, std::string_view ending, std::size_t shortest, std::string_view put = {}) {
  if (word.size() < ending.size() + shortest || word.back() != ending.back()) return false;
  if (!std::string_view(word).ends_with(ending)) return false;
  if (!has_vowel(std::string_view(word).substr(0, word.size() - ending.size()))) return false;
  word.replace(word.size() - ending.size(), ending.size(), put);
  return true;
}

// "stopp" → "stop", as in "stopped"; "ll", "ss" and "zz" belong to the word.
void undouble(std::string& word) {
  const std::size_t size = word.size();
  if (size < 4 || word[size - 1] != word[size - 2]) return;
  if (std::string_view("lsz").find(word.back()) == std::string_view::npos && !is_vowel(word.back())) word.pop_back();
}

}  // namespace

std::vector<std::string> split_words(std::string_view text) {
  std::vector<std::string> words;
  std::string word;
  std::size_t length = 0;
  const auto finish = [&] {
    if (!word.empty()) words.push_back(std::move(word));
    word.clear();
    length = 0;
  };
  for (std::size_t at = 0; at < text.size();) {
    const base::CodePoint point = base::decode_utf8(text, at);
    at += point.length;
    const bool stands_alone = is_unspaced_script(point.value);
    if (stands_alone || !is_word_character(point.value)) finish();
    if (!is_word_character(point.value) || is_mark(point.value)) continue;
    if (length++ < kMaxWordCodePoints) base::append_utf8(word, fold(to_lower(point.value)));
    if (stands_alone) finish();
  }
  finish();
  return words;
}

// A light cousin of Porter's stemmer: plural, tense and the commonest noun endings. Two forms of a word matter only in
// that they meet; what they meet in need not be a word.
std::string stem(std::string_view word) {
  std::string result(word);
  if (word.size() < 4 || !is_ascii_lower(word)) return result;
  if (!take_off(result, "ies", 2, "y") && !take_off(result, "sses", 2, "ss") && !result.ends_with("ss") &&
      !result.ends_with("us") && !result.ends_with("is")) {
    take_off(result, "s", 3);
  }
  if (take_off(result, "ing", 3) || take_off(result, "ed", 3)) {
    undouble(result);
  } else if (!take_off(result, "ations", 3, "at")) {
    take_off(result, "ly", 4);
  }
  for (const auto& [ending, put] : {std::pair<std::string_view, std::string_view>{"ation", "at"},
                                    {"ition", "it"},
                                    {"ction", "ct"},
                                    {"sion", "s"},
                                    {"ment", ""},
                                    {"ness", ""},
                                    {"able", ""},
                                    {"er", ""},
                                    {"or", ""}}) {
    if (take_off(result, ending, 4, put)) break;
  }
  take_off(result, "e", 3);
  if (result.size() > 3 && result.back() == 'y') result.back() = 'i';
  return result;
}

bool is_stop_word(std::string_view word) {
  static const std::unordered_set<std::string_view> words(kStopWords.begin(), kStopWords.end());
  return words.contains(word);
}

}  // namespace chatcore::retrieval
