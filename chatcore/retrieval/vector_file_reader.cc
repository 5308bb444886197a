#include <cerrno>
#include <cstdio>
#include <memory>

#include <sys/stat.h>

#include "chatcore/retrieval/checksum.h"
#include "chatcore/retrieval/vector_file.h"
#include "chatcore/retrieval/vector_file_format.h"

namespace chatcore::retrieval {
namespace {

constexpr std::uint32_t kMaxDimensions = 65'536;

base::Error broken(const std::string& path, const std::string& why) {
  return {base::Code::corrupt,
          "vector store " + path + ": " + why +
              "; it is left untouched: move it away (or restore it) and run `chatcore ingest` again"};
}

struct CloseFile {
  void operator()(std::FILE* file) const { std::fclose(file); }
};

// Reads in order and sums up what it read. The first failure sticks, later reads do nothing.
class SummingReader {
 public:
  explicit SummingReader(std::FILE* file) : file_(file) {}

  void read(void* data, std::size_t size) {
    if (failed_ || size == 0) return;
    failed_ = std::fread(data, 1, size, file_) != size;
    if (!failed_) sum_ = crc32(sum_, data, size);
  }
  template <class T>
  void read_all(std::vector<T>& items) {
    read(items.data(), items.size() * sizeof(T));
  }
  [[nodiscard]] bool failed() const { return failed_; }
  [[nodiscard]] std::uint32_t sum() const { return sum_; }

 private:
  std::FILE* file_;
  std::uint32_t sum_ = 0;
  bool failed_ = false;
};

// What is still unclaimed of the file's size, as the header's counts claim their parts of it. Nothing is allocated
// before all claims have been met exactly, so a damaged count costs no memory.
class Claims {
 public:
  explicit Claims(std::uint64_t size) : left_(size) {}
  void claim(std::uint64_t count, std::uint64_t item_bytes) {
    if (met_ && item_bytes != 0 && count > left_ / item_bytes) met_ = false;
    if (met_) left_ -= count * item_bytes;
  }
  [[nodiscard]] bool are_met_exactly() const { return met_ && left_ == 0; }

 private:
  std::uint64_t left_;
  bool met_ = true;
};

bool fits(const VectorFileHeader& header, std::uint64_t file_bytes) {
  Claims claims(file_bytes);
  claims.claim(1, sizeof(VectorFileHeader));
  claims.claim(header.embedder_bytes, 1);
  claims.claim(header.sources, sizeof(std::uint32_t));
  claims.claim(header.chunks, sizeof(ChunkRecord));
  claims.claim(header.text_bytes, 1);
  claims.claim(header.weights, sizeof(float));
  claims.claim(header.chunks, header.dimensions * sizeof(float));
  claims.claim(1, sizeof(std::uint32_t));
  return claims.are_met_exactly();
}

// Lengths must add up to the texts' size, and sources must exist, before a byte of text is read.
bool are_consistent(const VectorFileHeader& header, const std::vector<std::uint32_t>& source_bytes,
                    const std::vector<ChunkRecord>& records) {
  std::uint64_t text_bytes = 0;
  for (const std::uint32_t bytes : source_bytes) text_bytes += bytes;
  for (const ChunkRecord& record : records) {
    text_bytes += record.text_bytes;
    if (record.source >= header.sources) return false;
  }
  return text_bytes == header.text_bytes;
}

// Everything after the header and before the checksum. False when it is not consistent or cannot be read.
bool read_contents(SummingReader& reader, const VectorFileHeader& header, StoreContents& contents) {
  contents.dimensions = header.dimensions;
  contents.embedder.resize(header.embedder_bytes);
  reader.read(contents.embedder.data(), contents.embedder.size());
  std::vector<std::uint32_t> source_bytes(header.sources);
  reader.read_all(source_bytes);
  std::vector<ChunkRecord> records(header.chunks);
  reader.read_all(records);
  if (reader.failed() || !are_consistent(header, source_bytes, records)) return false;

  contents.sources.reserve(source_bytes.size());
  for (const std::uint32_t bytes : source_bytes) {
    std::string& source = contents.sources.emplace_back(bytes, '\0');
    reader.read(source.data(), bytes);
  }
  contents.chunks.reserve(records.size());
  for (const ChunkRecord& record : records) {
    Chunk& chunk = contents.chunks.emplace_back(Chunk{std::string(record.text_bytes, '\0'), record.source});
    reader.read(chunk.text.data(), record.text_bytes);
  }
  contents.weights.resize(header.weights);
  reader.read_all(contents.weights);
  contents.vectors.resize(header.chunks * header.dimensions);
  reader.read_all(contents.vectors);
  return !reader.failed();
}

}  // namespace

base::Result<VectorStore> read_vector_file(const std::string& path) {
  const std::unique_ptr<std::FILE, CloseFile> file(std::fopen(path.c_str(), "rbe"));
  if (!file) return base::fail(base::error_from_errno(errno, "open vector store " + path));
  struct stat status {};
  if (fstat(fileno(file.get()), &status) != 0) {
    return base::fail(base::error_from_errno(errno, "stat vector store " + path));
  }
  if (!S_ISREG(status.st_mode)) return base::fail(broken(path, "not a regular file"));

  SummingReader reader(file.get());
  VectorFileHeader header;
  reader.read(&header, sizeof header);
  if (reader.failed() || header.magic != kVectorFileMagic) return base::fail(broken(path, "not a vector store"));
  if (header.version != kVectorFileVersion) {
    return base::fail(broken(path, "format version " + std::to_string(header.version) + ", this program reads " +
                                       std::to_string(kVectorFileVersion)));
  }
  if (header.dimensions == 0 || header.dimensions > kMaxDimensions ||
      !fits(header, static_cast<std::uint64_t>(status.st_size))) {
    return base::fail(broken(path, "its size is not what its header says, it was cut short or damaged"));
  }
  StoreContents contents;
  if (!read_contents(reader, header, contents)) return base::fail(broken(path, "damaged"));
  const std::uint32_t sum = reader.sum();
  std::uint32_t written_sum = 0;
  reader.read(&written_sum, sizeof written_sum);
  if (reader.failed() || written_sum != sum) return base::fail(broken(path, "the checksum does not match, damaged"));
  return VectorStore(std::move(contents));
}

base::Result<VectorStore> load_vector_store(const std::string& path, std::string_view embedder,
                                            std::size_t dimensions) {
  auto store = read_vector_file(path);
  if (!store) return store;
  const StoreContents& contents = store->contents();
  if (contents.embedder != embedder || contents.dimensions != dimensions) {
    return base::fail(base::Code::corrupt,
                      "vector store " + path + ": made by embedder " + contents.embedder + " (" +
                          std::to_string(contents.dimensions) + " dimensions), not by " + std::string(embedder) +
                          "; run `chatcore ingest` again, or configure the embedder it was made by");
  }
  return store;
}

}  // namespace chatcore::retrieval
