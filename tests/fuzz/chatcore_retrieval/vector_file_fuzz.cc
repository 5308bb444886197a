// Every input is either refused or gives a store of which each part can be read and which can be searched. The checksum
// is put right first: it keeps out damage, not files that someone made on purpose.

#include <cstring>
#include <memory>
#include <vector>

#include "../fuzz.h"
#include "chatcore/retrieval/checksum.h"
#include "chatcore/retrieval/vector_file.h"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace chatcore::retrieval;
  struct alignas(64) Block {
    std::byte bytes[64];
  };
  const auto memory = std::make_shared<std::vector<Block>>(size / sizeof(Block) + 1);
  auto* bytes = reinterpret_cast<std::byte*>(memory->data());
  if (size != 0) std::memcpy(bytes, data, size);
  if (size >= sizeof(std::uint32_t)) {
    const std::size_t summed = size - sizeof(std::uint32_t);
    const std::uint32_t sum = crc32(0, bytes, summed);
    std::memcpy(bytes + summed, &sum, sizeof sum);
  }
  const auto store = parse_vector_file({bytes, size}, memory, "fuzzed");
  if (!store) {
    fuzz::require(store.error().message.size() < 300, "a message is short whatever the file");
    return 0;
  }
  fuzz::require(store->size() * store->dimensions() * sizeof(float) <= size, "no vector comes from nowhere");
  std::size_t length = store->embedder().size();
  for (std::size_t chunk = 0; chunk < store->size(); ++chunk) {
    for (const char c : store->text(chunk)) length += c != 0 ? 1 : 0;
    for (const char c : store->source(chunk)) length += c != 0 ? 1 : 0;
    for (const Term term : store->terms(chunk)) length += term & 1;
  }
  fuzz::require(length <= 2 * size * (store->size() + 1), "no text comes from nowhere");
  const std::vector<float> question(store->dimensions(), 0.5F);
  for (const Search how : {Search::exact, Search::coded, Search::graph}) {
    fuzz::require(store->search(question, 3, -1, how).size() <= 3, "no more is found than asked for");
  }
  return 0;
}
