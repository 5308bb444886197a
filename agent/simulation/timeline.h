#pragma once
// The timeline of one workload in a simulation: verdicts on memory, rules that fired, actions that would have been
// done. Plain values; text, JSON and chart are views of it. Bounded: repeated entries are counted, and entries beyond
// kMost are only counted.

#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <vector>

namespace agent::simulation {

struct Entry {
  enum class Kind {
    verdict,  // the verdict on memory growth changed
    run,      // a run started, ended or was killed
    action,   // a simulated action; a real one with --real
    refusal,  // a decision that was not carried out: recovered at the recheck, rate limit, …
  };
  double at = 0;  // seconds, Unix time
  Kind kind = Kind::verdict;
  std::string what;  // "leaking"; "restart"; "killed"; "recovered"
  std::string rule;  // for an action or a refusal
  std::string why;   // text
  std::map<std::string, std::string> evidence;
  bool notifies = false;  // a notification
  bool touches = false;   // changes the workload: from here on the recording shows what happened without it
  bool after_act = false;
  std::uint64_t times = 1;  // consecutive repetitions
  double last = 0;          // seconds; the last of them
};
const char* name_of(Entry::Kind kind);

class Timeline {
 public:
  static constexpr std::size_t kMost = 2000;

  void add(Entry entry);
  [[nodiscard]] const std::vector<Entry>& entries() const { return entries_; }
  [[nodiscard]] std::uint64_t left_out() const { return left_out_; }
  // Number of simulated actions by name, including entries that were left out.
  [[nodiscard]] const std::map<std::string, std::uint64_t>& actions() const { return actions_; }

 private:
  std::vector<Entry> entries_;
  std::map<std::string, std::uint64_t> actions_;
  std::uint64_t left_out_ = 0;
};

}  // namespace agent::simulation
