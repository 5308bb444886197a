#pragma once
// A mistake in a configuration file, as an operator is shown it.

#include <cstddef>
#include <string>

namespace base::config {

// A problem, its position and the correction. Text with environment variables is shown as written ("${NAME}"), since a
// value may be a secret.
struct ConfigProblem {
  std::string file;
  int line = 0;     // from 1; 0: the file itself
  int column = 0;   // from 1
  std::string key;  // "workloads[0].caps.memory"; "" for the document
  std::string message;
  friend bool operator==(const ConfigProblem&, const ConfigProblem&) = default;
};

constexpr std::size_t kMostProblems = 100;  // that are shown: a file that is not a configuration has any number

// "leakguard.yml:12:15: workloads[0].caps.memory: not a size: …"
std::string to_string(const ConfigProblem& problem);

}  // namespace base::config
