// Whatever a row of the history holds: it is not a block, or its ticks can be read and it is written again as a block
// of the same ticks and sections.

#include "../fuzz.h"
#include "guard/history/fields.h"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace guard::history;
  const auto block = Block::decode(fuzz::text_of(data, size));
  if (!block) return 0;
  fuzz::require(block->ticks() > 0 && block->ticks() <= Block::kMostTicks, "the number of ticks is bounded");
  for (const std::size_t tick : {std::size_t{0}, block->ticks() / 2, block->ticks() - 1}) {
    Moment moment;
    extract(
        *block, tick, [](const std::string&) { return true; }, moment);
    fuzz::require(moment.summaries.empty() || moment.summaries.size() == moment.snapshot.workloads.size(),
                  "summaries are of workloads");
  }
  return 0;
}
