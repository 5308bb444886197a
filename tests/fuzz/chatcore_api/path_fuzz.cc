// A path that a pattern takes is the pattern with its places filled in, and nothing is taken in two ways.

#include <string>

#include "../fuzz.h"
#include "chatcore/api/item_id.h"
#include "chatcore/api/path.h"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace chatcore::api;
  const std::string path(fuzz::text_of(data, size));
  if (const auto values = match_path("/v1/conversations/{id}/items/{item}", path)) {
    fuzz::require(values->size() == 2, "each place is filled");
    const auto& id = values->at(0).second;
    const auto& item = values->at(1).second;
    fuzz::require("/v1/conversations/" + id + "/items/" + item == path, "nothing is lost");
    fuzz::require((id + item).find('/') == std::string::npos, "a place is one segment");
    if (const auto sequence = sequence_of_item(id, item)) {
      fuzz::require(item_id(id, *sequence) == item, "an item's id is its only one");
    }
  }
  if (const auto values = match_path("/v1/models/{+model}", path)) {
    fuzz::require("/v1/models/" + values->at(0).second == path, "nothing is lost");
  }
  return 0;
}
