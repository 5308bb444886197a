#pragma once
// How often the chunk that answers a question is among those that retrieval finds.

#include <cstdio>
#include <fstream>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include <gtest/gtest.h>

#include "chatcore/retrieval/hashed_embedder.h"
#include "chatcore/retrieval/ingest.h"
#include "chatcore/retrieval/query_embedder.h"
#include "chatcore/retrieval/retriever.h"
#include "tests/base/temporary_folder.h"
#include "tests/chatcore/retrieval/asking.h"

namespace chatcore::retrieval {

struct Question {
  std::string text;
  std::string answer;  // words of the chunk that answers it; of each such chunk, with a "|" between; white space
                       // is one blank
};

struct HitRate {
  double in_first = 0;
  double in_top = 0;
  std::size_t chunks = 0;
};

// A file of tests/fixtures/questions: a line each, text and answer with a tab between; a line with "#" says what it is.
inline std::vector<Question> read_questions(const std::string& name) {
  std::ifstream file(std::string(FIXTURES) + "/questions/" + name);
  std::vector<Question> questions;
  for (std::string line; std::getline(file, line);) {
    const std::size_t tab = line.find('\t');
    if (line.starts_with('#')) continue;
    EXPECT_NE(tab, std::string::npos) << line;
    questions.push_back({line.substr(0, tab), line.substr(tab + 1)});
  }
  EXPECT_FALSE(questions.empty()) << name;
  return questions;
}

// Every second one, from the first or from the second on.
inline std::vector<Question> every_second(std::span<const Question> questions, std::size_t first) {
  std::vector<Question> chosen;
  for (std::size_t i = first; i < questions.size(); i += 2) chosen.push_back(questions[i]);
  return chosen;
}

inline std::string on_one_line(std::string_view text) {
  std::string line;
  for (const char c : text) {
    const char shown = c == '\n' ? ' ' : c;
    if (shown != ' ' || line.empty() || line.back() != ' ') line.push_back(shown);
  }
  return line;
}

inline bool answers(const std::string& chunk, std::string_view answer) {
  const std::string line = on_one_line(chunk);
  for (std::size_t at = 0; at <= answer.size();) {
    const std::size_t end = std::min(answer.find('|', at), answer.size());
    if (line.find(answer.substr(at, end - at)) != std::string::npos) return true;
    at = end + 1;
  }
  return false;
}

enum class Misses { told, kept };  // kept: questions that nobody is to tune to are not shown

// `paths` are files and folders of tests/fixtures.
inline HitRate measure(const char* what, std::vector<std::string> paths, std::span<const Question> asked,
                       SplitOptions split = {}, Misses misses = Misses::told) {
  const base::TemporaryFolder folder;
  IngestOptions options;
  for (const std::string& path : paths) options.paths.push_back(std::string(FIXTURES) + path);
  options.store_file = folder.at("store");
  options.split = split;
  const auto report = ingest(options, HashedEmbedder(), {});
  EXPECT_TRUE(report) << (report ? "" : report.error().message);

  Retriever retriever(RetrieverOptions{options.store_file}, make_built_in_query_embedder());
  HitRate rate;
  for (const Question& question : asked) {
    const auto chunks = ask(retriever, question.text).value();
    std::size_t rank = 0;
    while (rank < chunks.size() && !answers(chunks[rank].text, question.answer)) ++rank;
    rate.in_first += rank == 0 && !chunks.empty() ? 1 : 0;
    rate.in_top += rank < chunks.size() ? 1 : 0;
    if (rank == chunks.size() && misses == Misses::told) std::printf("  missed: %s\n", question.text.c_str());
  }
  const auto questions = static_cast<double>(asked.size());
  rate.in_first /= questions;
  rate.in_top /= questions;
  rate.chunks = retriever.chunks();
  std::printf("%s: %.0f questions, %zu chunks: top-1 %.0f %%, top-5 %.0f %%\n", what, questions, rate.chunks,
              rate.in_first * 100, rate.in_top * 100);
  return rate;
}

}  // namespace chatcore::retrieval
