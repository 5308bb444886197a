#pragma once
// What an ingest has had embedded so far, in a file beside the store, so that one that is killed, or whose backend
// fails, need not pay for it again. It is only ever appended to, and a record counts when its checksum does: of one
// that was being written when the process ended nothing is taken.
//
//   header   magic, version, dimensions, the length of the embedder's name, the name
//   records  length and CRC-32 of what follows; then texts, each with its length before it and its vector behind it
//
// The numbers are 32-bit and little-endian.

#include <cstdint>
#include <fstream>
#include <functional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"

namespace chatcore::retrieval {

class VectorJournal {
 public:
  using Known = std::function<void(std::string_view text, std::span<const float> vector)>;

  VectorJournal(std::string path, std::string_view embedder, std::size_t dimensions);

  // Tells what an earlier ingest left behind, then is ready for more. A file of another embedder, or one that is none
  // of ours in any other way, is begun anew. Errors: those of writing.
  base::Status open(const Known& known);
  // Behind the records that are there. Errors: exhausted (disk full), internal.
  base::Status add(std::span<const std::string_view> texts, std::span<const std::vector<float>> vectors);
  // When all of it is in the store.
  void remove();

 private:
  // The bytes from the beginning that are whole; 0: not even a header.
  std::uint64_t replay(const Known& known) const;

  const std::string path_;
  const std::string header_;
  const std::size_t dimensions_;
  std::ofstream file_;
};

}  // namespace chatcore::retrieval
