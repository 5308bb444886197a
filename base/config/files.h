#pragma once
// The files of a configuration: the one that is named, and the fragments beside it.

#include <cstddef>
#include <string>
#include <vector>

#include "base/config/problem.h"

namespace base::config {

constexpr std::size_t kMostFileBytes = std::size_t{1} << 20;

struct ConfigText {
  std::string file;
  std::string text;  // at most one byte more than kMostFileBytes, which read_yaml refuses
  bool is_fragment = false;
};

// `path`, then the *.yml in the folder conf.d beside it, in lexical order; hidden ones are left out, a missing folder
// is an empty one. Root refuses files that other users can change (find_distrust). What cannot be read is a problem;
// without `path` itself the list is empty. Blocks on the file system.
std::vector<ConfigText> read_config_files(const std::string& path, std::vector<ConfigProblem>& problems);

}  // namespace base::config
