// Whatever the text holds: the same documents come of it in one piece and byte by byte, and none is above the bound.

#include <string>
#include <vector>

#include "../fuzz.h"
#include "base/json_sieve.h"

namespace {

constexpr std::size_t kMostDocument = 512;

struct Read {
  std::vector<std::string> documents;  // "!" for a bad one
  bool is_right = true;
  friend bool operator==(const Read&, const Read&) = default;
};

Read read(std::string_view text, std::size_t piece, base::JsonSieve::Documents documents) {
  Read read;
  base::JsonSieve sieve(
      {.documents = documents, .max_depth = 4, .max_document = kMostDocument},
      [](const base::JsonSieve::Path& path) { return std::size_t{path.back() == "no" ? 0u : 16u}; },
      [&](const base::Result<std::string_view>& document) {
        fuzz::require(!document || document->size() <= kMostDocument, "a document is bounded");
        read.documents.emplace_back(document ? *document : "!");
      });
  for (; !text.empty() && read.is_right; text.remove_prefix(std::min(piece, text.size())))
    read.is_right = sieve.feed(text.substr(0, piece)).has_value();
  read.is_right = read.is_right && sieve.finish().has_value();
  return read;
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const auto text = fuzz::text_of(data, size);
  using Documents = base::JsonSieve::Documents;
  for (const auto documents : {Documents::values, Documents::elements})
    fuzz::require(read(text, size, documents) == read(text, 1, documents), "where a piece ends makes no difference");
  return 0;
}
