#pragma once
// Reads the files of cgroups, of either version, and has the parsers translate them into the same fields. Keeps files
// open between sweeps (cgroup/open.h) within a bound: half of the descriptors that this process may have, 8192 at most.
// Cgroups over the bound are opened for each sweep; those not read any more are closed when another one comes.
//
// Not thread-safe.

#include <cstddef>
#include <cstdint>
#include <map>
#include <memory>
#include <string>
#include <utility>

#include "guard/sample/cgroup.h"
#include "guard/sample/resources.h"
#include "guard/source/cgroup/open.h"
#include "guard/source/fs.h"

namespace guard::source {

class CgroupReader {
 public:
  static constexpr std::size_t kMaxOpenFiles = 8192;

  // `files` must outlive the reader.
  explicit CgroupReader(const SmallFiles& files);

  sample::Resources read(const sample::Cgroup& cgroup);
  // The limits alone; every other reading is absent.
  sample::Resources read_limits(const sample::Cgroup& cgroup);

  [[nodiscard]] std::size_t kept_cgroups() const { return kept_.size(); }

 private:
  using Key = std::pair<std::string, std::uint64_t>;  // identifying folder and inode
  struct Kept {
    sample::Cgroup cgroup;
    std::unique_ptr<OpenCgroup> files;
    std::uint64_t last_read = 0;  // by the count of reads
  };

  template <class Work>
  void with_open(const sample::Cgroup& cgroup, Work work);
  void close_idle();
  [[nodiscard]] std::size_t open_files() const;

  const SmallFiles& files_;
  std::size_t most_open_files_;
  std::map<Key, Kept> kept_;
  std::uint64_t reads_ = 0;
};

}  // namespace guard::source
