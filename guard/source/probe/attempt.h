#pragma once
// One question to a workload, under way: how it ends, whichever way it is asked.

#include <functional>
#include <memory>
#include <string>

namespace guard::source {

struct ProbeAnswer {
  // unable: the guard itself could not ask, which says nothing of the workload.
  enum class Kind { passed, failed, unable } kind = Kind::unable;
  std::string why;  // in words; "" when it passed

  static ProbeAnswer passed() { return {Kind::passed, {}}; }
  static ProbeAnswer failed(std::string why) { return {Kind::failed, std::move(why)}; }
  static ProbeAnswer unable(std::string why) { return {Kind::unable, std::move(why)}; }
};

// Called once, on the loop's thread and never before the attempt has been returned.
using ProbeDone = std::function<void(ProbeAnswer)>;

// Ends by itself within its timeout. Destroying it gives it up: its ProbeDone is not called any more. It must not be
// destroyed from within that call.
class ProbeAttempt {
 public:
  ProbeAttempt() = default;
  virtual ~ProbeAttempt() = default;
  ProbeAttempt(const ProbeAttempt&) = delete;
  ProbeAttempt& operator=(const ProbeAttempt&) = delete;
};

}  // namespace guard::source
