// Exact search against hnswlib's brute force (compiled with -march=native) over the same vectors in one run, how many
// of the five best the searches by codes and by graph find, and what it takes to build the graph. Three kinds of
// vectors: random directions, clusters as embedding models make them, and what the built-in embedder makes of
// sentences. Usage: search_bench [--no-graph] [CHUNKS] [FOLDER for the store file] [KIND] [TEXTS, a line each]
// The store is mapped from a file, as a server has it: in a folder on disk mostly in large pages, in one of tmpfs in
// pages of 4 KiB wherever memory was free, which is the harder case. Rounds alternate between the searches, so that
// what else the machine does hits all alike; figures are medians. Without the graph it takes seconds, not minutes.

#include <algorithm>
#include <cmath>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <ctime>
#include <filesystem>
#include <fstream>
#include <functional>
#include <memory>
#include <numeric>
#include <random>
#include <string>

#include <unistd.h>

#include "chatcore/retrieval/hashed_embedder.h"
#include "chatcore/retrieval/scan.h"
#include "chatcore/retrieval/vector_file.h"
#include "tests/bench/brute_force_peer.h"

namespace {

using namespace chatcore::retrieval;
using Vector = std::vector<float>;

constexpr std::size_t kDimensions = 384;
constexpr std::size_t kTop = 5;
constexpr std::size_t kAsked = 256;
constexpr std::size_t kQuestions = 200;
constexpr int kRounds = 41;

double seconds_now() {
  timespec now{};
  clock_gettime(CLOCK_THREAD_CPUTIME_ID, &now);
  return static_cast<double>(now.tv_sec) + static_cast<double>(now.tv_nsec) / 1e9;
}

Vector direction(std::mt19937& random) {
  std::normal_distribution<float> number;
  Vector vector(kDimensions);
  for (float& one : vector) one = number(random);
  return vector;
}

Vector of_unit_length(Vector vector) {
  const float length = std::sqrt(std::inner_product(vector.begin(), vector.end(), vector.begin(), 0.0F));
  for (float& one : vector) one /= length;
  return vector;
}

struct Kind {
  const char* name;
  std::function<Vector(std::mt19937&)> make;
};

// A thousand subjects; a vector is its subject's direction and noise of the same size.
Kind clustered() {
  std::mt19937 random(11);
  std::vector<Vector> centres;
  for (int i = 0; i < 1000; ++i) centres.push_back(direction(random));
  return {"clustered", [centres](std::mt19937& own) {
            Vector vector = centres[own() % centres.size()];
            const Vector noise = direction(own);
            for (std::size_t i = 0; i < kDimensions; ++i) vector[i] += 0.8F * noise[i];
            return of_unit_length(std::move(vector));
          }};
}

// Words as often as in a language (Zipf's law), 8 to 120 of them.
Kind embedded() {
  std::vector<double> shares;
  for (int rank = 1; rank <= 30'000; ++rank) shares.push_back(1.0 / rank);
  return {"embedded",
          [words = std::discrete_distribution<int>(shares.begin(), shares.end())](std::mt19937& own) mutable {
            std::string text;
            for (std::size_t count = 8 + own() % 113; count > 0; --count) {
              std::mt19937 letters(static_cast<unsigned>(words(own)));
              for (std::size_t letter = 3 + letters() % 7; letter > 0; --letter) {
                text.push_back(static_cast<char>('a' + letters() % 26));
              }
              text.push_back(' ');
            }
            return HashedEmbedder().embed(text).value();
          }};
}

// Real texts, a line each, again from the first when there are too few; a question is the beginning of one.
Kind read_from(const std::string& path) {
  auto lines = std::make_shared<std::vector<std::string>>();
  std::ifstream file(path);
  for (std::string line; std::getline(file, line);) lines->push_back(line.substr(0, 1000));
  return {"real", [lines, at = std::size_t{0}](std::mt19937& own) mutable {
            if (at < lines->size()) return HashedEmbedder().embed((*lines)[at++]).value();
            const std::string& line = (*lines)[own() % lines->size()];
            const std::size_t words = std::min(line.size(), std::size_t{40 + own() % 60});
            return HashedEmbedder().embed(line.substr(0, words)).value();
          }};
}

struct Stored {
  VectorStore store;
  double building = 0;  // of the graph, in seconds
};

Stored stored(const Kind& kind, std::size_t chunks, const std::string& file, bool with_graph) {
  StoreContents contents;
  contents.embedder = "bench";
  contents.dimensions = kDimensions;
  contents.sources = {"text.md"};
  std::mt19937 random(1);
  for (std::size_t chunk = 0; chunk < chunks; ++chunk) {
    contents.chunks.push_back({"text", 0});
    const Vector vector = kind.make(random);
    contents.vectors.insert(contents.vectors.end(), vector.begin(), vector.end());
  }
  const double begin = seconds_now();
  if (with_graph) contents.graph = build_graph(contents.vectors, kDimensions, {}).value();
  const double building = seconds_now() - begin;
  if (!write_vector_file(file, contents)) std::abort();
  auto store = read_vector_file(file);
  std::filesystem::remove(file);
  if (!store) std::abort();
  return {std::move(*store), building};
}

double median(std::vector<double> values) {
  std::sort(values.begin(), values.end());
  return values[values.size() / 2];
}

double share_found(const VectorStore& store, const std::vector<Vector>& questions, Search how) {
  std::size_t found = 0;
  std::size_t wanted = 0;
  const std::size_t asked = how == Search::graph ? kAsked : kTop;
  for (const Vector& question : questions) {
    const auto truth = store.search(question, kTop, -1, Search::exact);
    auto quick = store.search(question, asked, -1, how);
    quick.resize(std::min(quick.size(), kTop));
    wanted += truth.size();
    for (const Match& match : truth) {
      found += std::any_of(quick.begin(), quick.end(), [&](const Match& m) { return m.chunk == match.chunk; }) ? 1 : 0;
    }
  }
  return static_cast<double>(found) / static_cast<double>(wanted);
}

void measure(const Kind& kind, std::size_t chunks, const std::string& file, bool with_graph) {
  const Stored made = stored(kind, chunks, file, with_graph);
  const VectorStore& store = made.store;
  Vector all;
  for (std::size_t chunk = 0; chunk < store.size(); ++chunk) {
    const auto vector = store.vector(chunk);
    all.insert(all.end(), vector.begin(), vector.end());
  }
  BruteForcePeer peer(all, kDimensions);
  Vector().swap(all);
  std::mt19937 random(2);
  std::vector<Vector> questions;
  for (std::size_t i = 0; i < kQuestions; ++i) questions.push_back(kind.make(random));

  std::size_t found = 0;
  std::vector<std::function<void(const Vector&)>> searches = {
      [&](const Vector& question) { found += peer.search(question, kTop); },
      [&](const Vector& question) { found += store.search(question, kTop, -1, Search::exact).size(); },
      [&](const Vector& question) { found += store.search(question, kTop, -1, Search::coded).size(); }};
  if (with_graph) {
    // As a retriever asks: for more than it wants, to put them in order by their words.
    searches.push_back(
        [&](const Vector& question) { found += store.search(question, kAsked, -1, Search::graph).size(); });
  }
  std::vector<std::vector<double>> times(searches.size());
  for (int round = 0; round < kRounds; ++round) {
    for (std::size_t which = 0; which < searches.size(); ++which) {
      const double begin = seconds_now();
      searches[which](questions[static_cast<std::size_t>(round) % questions.size()]);
      times[which].push_back(seconds_now() - begin);
    }
  }
  const double brute = median(times[0]);
  const double exact = median(times[1]);
  const double coded = median(times[2]);
  std::printf("%-10s %7zu x %zu  hnswlib %6.2f ms   exact %6.2f ms = %.2f x   codes %6.2f ms = %.2f x, recall@5 %.4f\n",
              kind.name, store.size(), kDimensions, brute * 1e3, exact * 1e3, exact / brute, coded * 1e3, coded / brute,
              share_found(store, questions, Search::coded));
  if (!with_graph) return;
  const double by_graph = median(times[3]);
  std::printf("%18s graph %6.3f ms = %.3f x codes, recall@5 %.4f; built in %.1f s, %.0f bytes a chunk%s\n", "",
              by_graph * 1e3, by_graph / coded, share_found(store, questions, Search::graph), made.building,
              static_cast<double>(store.graph_bytes()) / static_cast<double>(store.size()), found == 0 ? "!" : "");
}

}  // namespace

int main(int argc, char** argv) {
#ifndef __OPTIMIZE__
  std::puts("built without optimisation: these figures say nothing");
#endif
  const bool with_graph = argc < 2 || std::strcmp(argv[1], "--no-graph") != 0;
  if (!with_graph) {
    --argc;
    ++argv;
  }
  const std::size_t chunks = argc > 1 ? std::strtoul(argv[1], nullptr, 10) : 100'000;
  const std::filesystem::path folder =
      argc > 2 ? std::filesystem::path(argv[2]) : std::filesystem::temp_directory_path();
  const std::string file = (folder / ("search_bench." + std::to_string(getpid()))).string();
  std::printf("registers: %s\n", std::string(best_kernels().name).c_str());
  const std::string only = argc > 3 ? argv[3] : "";
  const Kind random{"random", [](std::mt19937& own) { return of_unit_length(direction(own)); }};
  for (const Kind& kind : {random, clustered(), embedded()}) {
    if (only.empty() || only == kind.name) measure(kind, chunks, file, with_graph);
  }
  if (only == "real" && argc > 4) measure(read_from(argv[4]), chunks, file, with_graph);
}
