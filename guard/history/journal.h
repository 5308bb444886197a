#pragma once
// What was decided and done, one JSON object a line, in a file that outlives the agent. A line is written (and on
// the disk) before its action is carried out, and another after it, so that a crash in between leaves the decision
// on record. Bounded: at `max_bytes` the file becomes FILE.1, replacing the one before.
//
// A disk that is full or broken never stops guarding: the failure is returned, counted by the caller, and the next line
// tries again.

#include <cstddef>
#include <string>
#include <string_view>

#include "base/result.h"

namespace guard::history {

class Journal {
 public:
  // `path` empty: nothing is kept. Creates the folder. Not thread-safe: the guard's thread owns it.
  explicit Journal(std::string path, std::size_t max_bytes = std::size_t{4} << 20);
  ~Journal();
  Journal(const Journal&) = delete;
  Journal& operator=(const Journal&) = delete;

  // Appends one line (without its end) and waits for the disk: about 1–10 ms. Errors: from errno.
  base::Status append(std::string_view json_line);

 private:
  base::Status open();
  base::Status rotate_if_full(std::size_t incoming);

  const std::string path_;
  const std::size_t max_bytes_;
  int fd_ = -1;
  std::size_t size_ = 0;
  bool is_torn_ = false;  // the disk filled up within a line: the next one must not be joined to what there is of it
};

}  // namespace guard::history
