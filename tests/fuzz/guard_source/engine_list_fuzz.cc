// Whatever the engine's list holds: it is read the same in one piece and in two, an entry is a container with an ID of
// 64 hex digits or is counted with a reason, and no container keeps more labels than the bound.

#include "../fuzz.h"
#include "guard/source/docker/parser.h"

namespace {

constexpr std::size_t kMostLabels = 64 + 64 + 5;  // of its own kind, of others, and those that a selector names

void check(const guard::source::Container& container) {
  fuzz::require(container.id.size() == 64 && container.id.find_first_not_of("0123456789abcdef") == std::string::npos,
                "an ID is 64 hex digits");
  fuzz::require(container.name.find('/') == std::string::npos, "a name is the container's own");
  fuzz::require(container.labels.size() <= kMostLabels, "the number of labels is bounded");
  fuzz::require(!container.inspected && container.pid == 0, "a list tells nothing that needs an inspection");
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const auto text = fuzz::text_of(data, size);
  guard::source::ContainerListParser whole({"tier"});
  guard::source::ContainerListParser pieces({"tier"});
  const bool is_fed = whole.feed(text).has_value();
  const bool is_fed_in_pieces =
      pieces.feed(text.substr(0, size / 2)).has_value() && pieces.feed(text.substr(size / 2)).has_value();
  fuzz::require(is_fed == is_fed_in_pieces, "where a piece ends makes no difference");
  if (!is_fed) return 0;
  const auto list = whole.finish();
  const auto again = pieces.finish();
  fuzz::require(list.has_value() == again.has_value(), "where a piece ends makes no difference to the end");
  if (!list) return 0;
  fuzz::require(list->containers.size() == again->containers.size() && list->skipped == again->skipped,
                "the same containers come of pieces");
  fuzz::require((list->skipped > 0) == !list->why.empty(), "what is skipped has a reason");
  for (const auto& container : list->containers) check(container);
  return 0;
}
