#pragma once
// The guard's eyes, with everything that they see written down. What is looked at again right before an action is not:
// the decision's own record says what was found then.

#include <string>

#include "guard/collect/collector.h"
#include "guard/history/recorder.h"

namespace agent {

class RecordedCollector final : public guard::Collector {
 public:
  // `recorder` null: nothing is kept. Both must outlive this.
  RecordedCollector(guard::Collector& collector, guard::history::Recorder* recorder)
      : collector_(collector), recorder_(recorder) {}

  guard::sample::Snapshot collect(base::SteadyTime now, base::WallTime wall) override {
    auto snapshot = collector_.collect(now, wall);
    if (recorder_ != nullptr) recorder_->offer(snapshot);
    return snapshot;
  }
  guard::sample::Snapshot collect_one(const std::string& workload, base::SteadyTime now, base::WallTime wall) override {
    return collector_.collect_one(workload, now, wall);
  }

 private:
  guard::Collector& collector_;
  guard::history::Recorder* recorder_;
};

}  // namespace agent
