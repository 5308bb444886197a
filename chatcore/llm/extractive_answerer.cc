#include "chatcore/llm/extractive_answerer.h"

#include <algorithm>
#include <cmath>
#include <iterator>
#include <unordered_set>
#include <utility>

#include "base/utf8.h"
#include "chatcore/llm/sentences.h"
#include "chatcore/retrieval/words.h"

namespace chatcore::llm {
namespace {

using conversation::Role;

constexpr std::size_t kMaxEchoBytes = 200;
constexpr std::size_t kMaxSentenceBytes = 600;
// A question may be a whole document; it is the loop that reads it.
constexpr std::size_t kMaxQuestionBytes = 8192;
constexpr std::size_t kMaxQuestionStems = 64;
constexpr std::size_t kBytesPerToken = 4;  // as estimate_tokens() counts
// A sentence that is much worse than the best one is there for something else.
constexpr double kShareOfBest = 0.6;
// How much the chunk's own likeness to the question counts beside its words.
constexpr double kChunkScoreShare = 0.5;

struct Candidate {
  std::size_t chunk = 0;
  std::size_t place = 0;  // in the chunk
  std::string text;
  std::vector<std::string> stems;
  double score = 0;
};

// Stems of the words that say something, each once, in order of appearance. A sentence has few words: to look through
// them costs less than a set of them. Of a longer text some may come twice.
std::vector<std::string> content_stems(std::string_view text) {
  constexpr std::ptrdiff_t kLookedThrough = 64;
  std::vector<std::string> stems;
  for (const std::string& word : retrieval::split_words(text)) {
    if (retrieval::is_stop_word(word)) continue;
    std::string stemmed = retrieval::stem(word);
    const auto looked_through = stems.end() - std::min(std::ssize(stems), kLookedThrough);
    if (std::find(looked_through, stems.end(), stemmed) == stems.end()) stems.push_back(std::move(stemmed));
  }
  return stems;
}

// What is asked for. "And why?" says nothing by itself: then the question before it counts.
std::vector<std::string> question_stems(const Prompt& prompt) {
  std::vector<std::string> stems;
  for (auto message = prompt.messages.rbegin(); message != prompt.messages.rend() && stems.empty(); ++message) {
    if (message->role == Role::user) {
      stems = content_stems(base::utf8_prefix(message->content, kMaxQuestionBytes));
    }
  }
  if (stems.size() > kMaxQuestionStems) stems.resize(kMaxQuestionStems);
  return stems;
}

// Equal, or equal in all but an ending: what stem() does for English, this does for alphabets it does not know.
bool is_same_word(std::string_view a, std::string_view b) {
  if (a.empty() || b.empty() || a.front() != b.front()) return a == b;  // most pairs
  if (a == b) return true;
  const auto differ = std::mismatch(a.begin(), a.end(), b.begin(), b.end());
  const auto common = static_cast<std::size_t>(differ.first - a.begin());
  return common >= 5 && common * 4 >= std::max(a.size(), b.size()) * 3;
}

bool contains(const std::vector<std::string>& stems, std::string_view wanted) {
  return std::any_of(stems.begin(), stems.end(), [&](const std::string& stem) { return is_same_word(stem, wanted); });
}

// Every sentence of the chunks once: neighbouring chunks overlap.
std::vector<Candidate> collect_candidates(const Prompt& prompt) {
  std::vector<Candidate> candidates;
  std::unordered_set<std::string> seen;
  for (std::size_t chunk = 0; chunk < prompt.chunks.size(); ++chunk) {
    std::size_t place = 0;
    for (std::string& sentence : split_sentences(prompt.chunks[chunk].text)) {
      std::string text = shortened(sentence, kMaxSentenceBytes);
      if (!seen.insert(text).second) continue;
      std::vector<std::string> stems = content_stems(text);
      if (!stems.empty()) candidates.push_back({chunk, place++, std::move(text), std::move(stems), 0});
    }
  }
  return candidates;
}

// The rarer among the candidates a word of the question is, the more it says about those that have it.
void score_candidates(const Prompt& prompt, const std::vector<std::string>& wanted,
                      std::vector<Candidate>& candidates) {
  for (const std::string& stem : wanted) {
    std::vector<Candidate*> having;
    for (Candidate& candidate : candidates) {
      if (contains(candidate.stems, stem)) having.push_back(&candidate);
    }
    if (having.empty()) continue;
    const double rarity = std::log1p(static_cast<double>(candidates.size()) / static_cast<double>(having.size()));
    for (Candidate* candidate : having) candidate->score += rarity;
  }
  for (Candidate& candidate : candidates) {
    if (candidate.score == 0) continue;
    // Long sentences have more words by chance.
    candidate.score /= std::sqrt(16.0 + static_cast<double>(candidate.stems.size()));
    candidate.score *= 1.0 + kChunkScoreShare * std::max(0.0F, prompt.chunks[candidate.chunk].score);
  }
}

// The best, in the order in which the chunks have them.
std::vector<Candidate> choose_sentences(std::vector<Candidate> candidates, std::size_t max_sentences) {
  std::stable_sort(candidates.begin(), candidates.end(),
                   [](const Candidate& a, const Candidate& b) { return a.score > b.score; });
  if (candidates.size() > max_sentences) candidates.resize(max_sentences);
  const double best = candidates.empty() ? 0 : candidates.front().score;
  std::erase_if(candidates, [&](const Candidate& candidate) {
    return candidate.score == 0 || candidate.score < best * kShareOfBest;
  });
  std::sort(candidates.begin(), candidates.end(), [](const Candidate& a, const Candidate& b) {
    return std::pair(a.chunk, a.place) < std::pair(b.chunk, b.place);
  });
  return candidates;
}

std::string quote(const Prompt& prompt, const std::vector<Candidate>& sentences) {
  std::string answer;
  const std::string* source = nullptr;
  for (const Candidate& sentence : sentences) {
    const std::string& from = prompt.chunks[sentence.chunk].source;
    if (source == nullptr || *source != from) {
      if (!answer.empty()) answer += "\n\n";
      answer += from.empty() ? "From the texts:" : "From " + shortened(from, kMaxEchoBytes) + ":";
    }
    source = &from;
    answer += " " + sentence.text;
  }
  return answer;
}

std::string say_nothing_found(const Prompt& prompt) {
  std::string answer = "I found nothing about this in the texts I have been given.";
  const auto question = std::find_if(prompt.messages.rbegin(), prompt.messages.rend(),
                                     [](const auto& message) { return message.role == Role::user; });
  if (question == prompt.messages.rend()) return answer;
  const std::string echo = shortened(question->content, kMaxEchoBytes);
  if (!echo.empty()) answer += " You asked: \"" + echo + "\"";
  return answer;
}

}  // namespace

WholeAnswer compose_answer(const Prompt& prompt, const ExtractiveOptions& options) {
  std::vector<Candidate> candidates = collect_candidates(prompt);
  score_candidates(prompt, question_stems(prompt), candidates);
  const std::vector<Candidate> chosen = choose_sentences(std::move(candidates), options.max_sentences);
  std::string answer = chosen.empty() ? say_nothing_found(prompt) : quote(prompt, chosen);
  for (const auto& stop : prompt.stop) {
    if (!stop.empty()) answer.resize(std::min(answer.size(), answer.find(stop)));
  }
  std::size_t max_bytes = options.max_answer_bytes;
  if (prompt.max_tokens != 0) max_bytes = std::min(max_bytes / kBytesPerToken, prompt.max_tokens) * kBytesPerToken;
  const std::string_view kept = cut_at_word(answer, max_bytes);
  return {.text = std::string(kept), .is_cut = kept.size() < answer.size()};
}

ExtractiveAnswerer::ExtractiveAnswerer(ExtractiveOptions options) : options_(options) {}

std::unique_ptr<Generation> ExtractiveAnswerer::generate(Prompt prompt, GenerationEvents events,
                                                         base::EventLoop& loop) {
  return stream_words(compose_answer(prompt, options_), options_.words_per_second, std::move(events), loop);
}

}  // namespace chatcore::llm
