// What retrieval costs: exact search over 10 000 and 100 000 chunks, embedding a question and a chunk, and writing and
// reading the store file. Prints a table. Usage: retrieval_bench [FOLDER for the store file]

#include <algorithm>
#include <cmath>
#include <cstdio>
#include <ctime>
#include <filesystem>
#include <random>
#include <string>

#include <unistd.h>

#include "chatcore/retrieval/hashed_embedder.h"
#include "chatcore/retrieval/vector_file.h"
#include "chatcore/retrieval/vector_file_format.h"
#include "chatcore/retrieval/vector_store.h"

namespace {

using namespace chatcore::retrieval;

// Seconds by a clock of the kernel: CLOCK_MONOTONIC for what waits for the disk, CLOCK_THREAD_CPUTIME_ID for what only
// computes, where the other work of the machine is nobody's business.
double seconds_now(clockid_t clock) {
  timespec now{};
  clock_gettime(clock, &now);
  return static_cast<double>(now.tv_sec) + static_cast<double>(now.tv_nsec) / 1e9;
}

// The median of `rounds` runs: what else the machine does hits single runs.
template <class Work>
double median_seconds(clockid_t clock, int rounds, const Work& work) {
  std::vector<double> times;
  for (int round = 0; round < rounds; ++round) {
    const double begin = seconds_now(clock);
    work();
    times.push_back(seconds_now(clock) - begin);
  }
  std::sort(times.begin(), times.end());
  return times[times.size() / 2];
}

std::vector<float> random_unit_vector(std::mt19937& random, std::size_t dimensions) {
  std::normal_distribution<float> number;
  std::vector<float> vector(dimensions);
  float square = 0;
  for (float& component : vector) {
    component = number(random);
    square += component * component;
  }
  for (float& component : vector) component /= std::sqrt(square);
  return vector;
}

VectorStore random_store(std::size_t chunks) {
  const HashedEmbedder embedder;
  std::mt19937 random(1);
  StoreContents contents;
  contents.embedder = embedder.name();
  contents.dimensions = embedder.dimensions();
  contents.sources = {"text.md"};
  contents.vectors.reserve(chunks * contents.dimensions);
  for (std::size_t chunk = 0; chunk < chunks; ++chunk) {
    contents.chunks.push_back({std::string(800, 'x'), 0});
    const auto vector = random_unit_vector(random, contents.dimensions);
    contents.vectors.insert(contents.vectors.end(), vector.begin(), vector.end());
  }
  return VectorStore(contents);
}

// `row_bytes`: what a search of this kind reads of each row.
void measure_search(const VectorStore& store, const char* name, Search how, std::size_t row_bytes) {
  std::mt19937 random(2);
  const auto question = random_unit_vector(random, store.dimensions());
  std::size_t found = 0;
  const double seconds =
      median_seconds(CLOCK_THREAD_CPUTIME_ID, 21, [&] { found += store.search(question, 5, -1, how).size(); });
  const auto bytes = static_cast<double>(store.size() * row_bytes);
  std::printf("search %6zu x %zu by %-7s %9.2f ms  %6.2f GB/s read  (%zu found)\n", store.size(), store.dimensions(),
              name, seconds * 1e3, bytes / seconds / 1e9, found);
}

void measure_file(const VectorStore& store, const std::filesystem::path& folder) {
  const auto file = (folder / ("retrieval_bench." + std::to_string(getpid()))).string();
  bool good = true;
  const StoreContents contents = store.contents();
  const double writing = median_seconds(CLOCK_MONOTONIC, 3, [&] { good = good && write_vector_file(file, contents); });
  const double reading = median_seconds(CLOCK_MONOTONIC, 3, [&] { good = good && read_vector_file(file); });
  std::error_code ignored;
  const double megabytes = static_cast<double>(std::filesystem::file_size(file, ignored)) / 1e6;
  std::filesystem::remove(file, ignored);
  std::printf("write the file, %4.0f MB        %9.2f ms\n", megabytes, writing * 1e3);
  std::printf("read and check the file       %9.2f ms%s\n", reading * 1e3, good ? "" : "  FAILED");
}

void measure_embedding() {
  const HashedEmbedder embedder;
  const std::string question = "How long does a conversation stay in memory after its last use?";
  std::string chunk;
  std::mt19937 random(3);
  while (chunk.size() < 1000) {
    const auto letters = 2 + random() % 8;
    for (std::size_t i = 0; i < letters; ++i) chunk.push_back(static_cast<char>('a' + random() % 26));
    chunk.push_back(' ');
  }
  float sum = 0;
  for (const auto& [name, text] :
       {std::pair("question", std::string_view(question)), std::pair("chunk", std::string_view(chunk))}) {
    const double seconds =
        median_seconds(CLOCK_THREAD_CPUTIME_ID, 501, [&, text = text] { sum += embedder.embed(text)->front(); });
    std::printf("embed a %-8s (%4zu bytes)  %9.1f us\n", name, text.size(), seconds * 1e6);
  }
  if (std::isnan(sum)) std::puts("not a number");  // keeps the work from being optimised away
}

}  // namespace

int main(int argc, char** argv) {
#ifndef __OPTIMIZE__
  std::puts("built without optimisation: these figures say nothing");
#endif
  const std::filesystem::path folder =
      argc > 1 ? std::filesystem::path(argv[1]) : std::filesystem::temp_directory_path();
  measure_embedding();
  for (const std::size_t chunks : {10'000U, 100'000U}) {
    const VectorStore store = random_store(chunks);
    measure_search(store, "vectors", Search::exact, store.dimensions() * sizeof(float));
    measure_search(store, "codes", Search::coded, code_stride(store.dimensions()));
    measure_file(store, folder);
  }
}
