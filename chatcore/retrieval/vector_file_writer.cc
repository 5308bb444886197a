#include <cerrno>
#include <cstdio>
#include <filesystem>
#include <limits>

#include <fcntl.h>
#include <unistd.h>

#include "chatcore/retrieval/checksum.h"
#include "chatcore/retrieval/vector_file.h"
#include "chatcore/retrieval/vector_file_format.h"

namespace chatcore::retrieval {
namespace {

// A file that is removed again unless it was renamed into its place. Writes in order and sums up what it wrote; the
// first failure sticks.
class NewFile {
 public:
  explicit NewFile(std::string path) : path_(std::move(path)) {
    ::unlink(path_.c_str());  // of a process with our id that died here
    const int fd = ::open(path_.c_str(), O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0644);
    if (fd >= 0) file_ = ::fdopen(fd, "wb");
    if (file_ == nullptr) error_ = errno;
    if (fd >= 0 && file_ == nullptr) ::close(fd);
  }
  ~NewFile() {
    if (file_ != nullptr) std::fclose(file_);
    if (!in_place_) ::unlink(path_.c_str());
  }
  NewFile(const NewFile&) = delete;
  NewFile& operator=(const NewFile&) = delete;

  void write(const void* data, std::size_t size) {
    if (error_ != 0 || size == 0) return;
    if (std::fwrite(data, 1, size, file_) != size) error_ = errno;
    sum_ = crc32(sum_, data, size);
  }
  template <class T>
  void write_all(const std::vector<T>& items) {
    write(items.data(), items.size() * sizeof(T));
  }
  [[nodiscard]] std::uint32_t sum() const { return sum_; }

  // To the disk, then into place. Returns errno, 0 for success.
  int put_at(const std::string& place) {
    if (error_ == 0 && (std::fflush(file_) != 0 || ::fsync(fileno(file_)) != 0)) error_ = errno;
    if (error_ == 0 && ::rename(path_.c_str(), place.c_str()) != 0) error_ = errno;
    in_place_ = error_ == 0;
    return error_;
  }

 private:
  const std::string path_;
  std::FILE* file_ = nullptr;
  std::uint32_t sum_ = 0;
  int error_ = 0;
  bool in_place_ = false;
};

// The new name is safe only once the folder that holds it is on the disk.
int sync_folder_of(const std::string& path) {
  std::string folder = std::filesystem::path(path).parent_path().string();
  if (folder.empty()) folder = ".";
  const int fd = ::open(folder.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC);
  if (fd < 0) return errno;
  const int error = ::fsync(fd) == 0 ? 0 : errno;
  ::close(fd);
  return error;
}

bool is_countable(std::size_t bytes) { return bytes <= std::numeric_limits<std::uint32_t>::max(); }

}  // namespace

base::Status write_vector_file(const std::string& path, const StoreContents& contents) {
  VectorFileHeader header;
  header.dimensions = static_cast<std::uint32_t>(contents.dimensions);
  header.weights = contents.weights.size();
  header.sources = contents.sources.size();
  header.chunks = contents.chunks.size();
  header.embedder_bytes = static_cast<std::uint32_t>(contents.embedder.size());
  std::vector<std::uint32_t> source_bytes;
  for (const std::string& source : contents.sources) {
    if (!is_countable(source.size())) return base::fail(base::Code::invalid_argument, "a source's name is over 4 GiB");
    source_bytes.push_back(static_cast<std::uint32_t>(source.size()));
    header.text_bytes += source.size();
  }
  std::vector<ChunkRecord> records;
  for (const Chunk& chunk : contents.chunks) {
    if (!is_countable(chunk.text.size())) return base::fail(base::Code::invalid_argument, "a chunk is over 4 GiB");
    records.push_back({static_cast<std::uint32_t>(chunk.text.size()), chunk.source});
    header.text_bytes += chunk.text.size();
  }

  NewFile file(path + "." + std::to_string(::getpid()) + ".new");
  file.write(&header, sizeof header);
  file.write(contents.embedder.data(), contents.embedder.size());
  file.write_all(source_bytes);
  file.write_all(records);
  for (const std::string& source : contents.sources) file.write(source.data(), source.size());
  for (const Chunk& chunk : contents.chunks) file.write(chunk.text.data(), chunk.text.size());
  file.write_all(contents.weights);
  file.write_all(contents.vectors);
  const std::uint32_t sum = file.sum();
  file.write(&sum, sizeof sum);
  int error = file.put_at(path);
  if (error == 0) error = sync_folder_of(path);
  if (error != 0) return base::fail(base::error_from_errno(error, "write vector store " + path));
  return {};
}

}  // namespace chatcore::retrieval
