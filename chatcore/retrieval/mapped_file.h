#pragma once
// A file mapped into memory, read-only: its pages are the page cache's, so every process that maps it shares them and
// the kernel may take them back. The file is meant to be replaced by renaming another one into its place, which
// leaves a mapping as it was. One that is cut short in its place anyway (`cp` over it) would kill its readers with
// SIGBUS; here what is gone reads as zeros instead (see guard_mappings()).

#include <cstddef>
#include <cstdint>
#include <memory>
#include <span>
#include <string>

#include "base/result.h"

namespace chatcore::retrieval {

// Tells one file from another and from its own later states. Two that compare equal hold the same, unless someone
// wrote into the file without changing its size and within one tick of the file system's clock.
struct FileIdentity {
  std::uint64_t device = 0;
  std::uint64_t inode = 0;
  std::uint64_t size = 0;
  std::int64_t modified_ns = 0;
  bool operator==(const FileIdentity&) const = default;
};

// Errors: not_found and the others of stat(2).
base::Result<FileIdentity> identify(const std::string& path);

class MappedFile {
 public:
  // Errors: those of open(2) and mmap(2); corrupt when it is no regular file.
  static base::Result<std::shared_ptr<const MappedFile>> open(const std::string& path);
  ~MappedFile();
  MappedFile(const MappedFile&) = delete;
  MappedFile& operator=(const MappedFile&) = delete;

  [[nodiscard]] std::span<const std::byte> bytes() const { return {data_, size_}; }
  // Takes the pages that were touched out of this process; they stay in the page cache and come back when they are
  // read.
  void release_pages() const;
  [[nodiscard]] const FileIdentity& identity() const { return identity_; }

 private:
  MappedFile(const std::byte* data, std::size_t size, FileIdentity identity);

  const std::byte* data_;
  std::size_t size_;
  FileIdentity identity_;
  std::size_t slot_ = 0;
};

}  // namespace chatcore::retrieval
