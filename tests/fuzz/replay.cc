// Runs a fuzz target over the files of the folders named, each also cut at every length up to a bound: most parsers
// break at an end that comes too early. Fails when there is no file at all.

#include <algorithm>
#include <cstdio>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <vector>

#include "fuzz.h"

namespace {

constexpr std::size_t kMaxCuts = 2000;

void run(const std::vector<std::uint8_t>& input) {
  // A copy of the exact size on the heap, so that AddressSanitizer sees one byte too far.
  for (std::size_t size = 0; size <= std::min(input.size(), kMaxCuts); ++size) {
    const std::vector<std::uint8_t> cut(input.begin(), input.begin() + static_cast<std::ptrdiff_t>(size));
    LLVMFuzzerTestOneInput(cut.data(), cut.size());
  }
  LLVMFuzzerTestOneInput(input.data(), input.size());
}

}  // namespace

int main(int count, char** arguments) {
  int files = 0;
  for (int i = 1; i < count; ++i) {
    for (const auto& entry : std::filesystem::directory_iterator(arguments[i])) {
      std::ifstream file(entry.path(), std::ios::binary);
      run(std::vector<std::uint8_t>(std::istreambuf_iterator<char>(file), {}));
      ++files;
    }
  }
  std::printf("%d inputs replayed\n", files);
  return files > 0 ? 0 : 1;
}
