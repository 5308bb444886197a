#pragma once
// What happened to one workload in a rehearsal, in the order in which it did: what memory was judged to be, which rules
// fired and what would have been done. Plain values; the words, the JSON and the picture are views of it. Bounded: what
// repeats is counted, and beyond kMost entries only counted.

#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <vector>

namespace agent::simulation {

struct Entry {
  enum class Kind {
    verdict,  // on the memory's growth changed
    run,      // the workload itself began, ended or was killed
    action,   // what the guard would have done; for real where it was told to
    refusal,  // what a rule asked for and was not done, as in life: recovered at the second look, no budget left, …
  };
  double at = 0;  // seconds, Unix time
  Kind kind = Kind::verdict;
  std::string what;  // "leaking"; "restart"; "killed"; "recovered"
  std::string rule;  // of an action or a refusal
  std::string why;   // in words
  std::map<std::string, std::string> evidence;
  bool tells = false;    // a notification
  bool touches = false;  // changes the workload: from here on a record shows what it did untouched
  bool after_act = false;
  std::uint64_t times = 1;  // in a row
  double last = 0;          // seconds; of these
};
const char* name_of(Entry::Kind kind);

class Timeline {
 public:
  static constexpr std::size_t kMost = 2000;

  void add(Entry entry);
  [[nodiscard]] const std::vector<Entry>& entries() const { return entries_; }
  [[nodiscard]] std::uint64_t left_out() const { return left_out_; }
  // How often each action would have been done, also of entries that were left out.
  [[nodiscard]] const std::map<std::string, std::uint64_t>& actions() const { return actions_; }

 private:
  std::vector<Entry> entries_;
  std::map<std::string, std::uint64_t> actions_;
  std::uint64_t left_out_ = 0;
};

}  // namespace agent::simulation
