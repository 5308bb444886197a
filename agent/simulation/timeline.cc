#include "agent/simulation/timeline.h"

#include <utility>

namespace agent::simulation {

const char* name_of(Entry::Kind kind) {
  switch (kind) {
    case Entry::Kind::verdict: return "verdict";
    case Entry::Kind::run: return "run";
    case Entry::Kind::action: return "action";
    case Entry::Kind::refusal: return "refusal";
  }
  return "unknown";
}

void Timeline::add(Entry entry) {
  entry.last = entry.at;
  if (entry.kind == Entry::Kind::action) ++actions_[entry.what];
  if (!entries_.empty() && left_out_ == 0) {
    Entry& before = entries_.back();
    const bool same = before.kind == entry.kind && before.what == entry.what && before.rule == entry.rule;
    if (same && entry.kind != Entry::Kind::verdict && before.after_act == entry.after_act) {
      ++before.times;
      before.last = entry.at;
      return;
    }
  }
  // Down and up and down and up: each of the two is counted.
  const bool is_pair = entries_.size() > 1 && left_out_ == 0 && entry.kind == Entry::Kind::run &&
                       entries_.back().kind == Entry::Kind::run;
  if (is_pair && entries_.end()[-2].kind == Entry::Kind::run && entries_.end()[-2].what == entry.what) {
    ++entries_.end()[-2].times;
    entries_.end()[-2].last = entry.at;
    return;
  }
  if (entries_.size() == kMost) {
    ++left_out_;
    return;
  }
  entries_.push_back(std::move(entry));
}

}  // namespace agent::simulation
