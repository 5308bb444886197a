#include <array>
#include <cassert>
#include <cerrno>
#include <cstdio>
#include <cstring>
#include <filesystem>
#include <limits>
#include <random>
#include <string>
#include <utility>

#include <fcntl.h>
#include <unistd.h>

#include "chatcore/retrieval/checksum.h"
#include "chatcore/retrieval/lexical.h"
#include "chatcore/retrieval/scan.h"
#include "chatcore/retrieval/vector_file.h"
#include "chatcore/retrieval/vector_file_format.h"

namespace chatcore::retrieval {
namespace {

// A file that is removed again unless it was renamed into its place. Writes in order and sums up what it wrote; the
// first failure sticks.
class NewFile {
 public:
  explicit NewFile(std::string path) : path_(std::move(path)) {
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

// Not the process's id: two containers that share the folder each have a process 1, and one would put the other's half
// file into place.
std::string unlikely_name() {
  std::random_device random;
  std::array<char, 17> text{};
  std::snprintf(text.data(), text.size(), "%08x%08x", random(), random());
  return text.data();
}

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

// Everything of a store that is not in its contents but made from them.
struct Derived {
  VectorFileHeader header;
  std::vector<SourceRecord> sources;
  std::vector<ChunkRecord> chunks;
  std::vector<float> weights;
  std::vector<Term> terms;
  std::vector<std::uint8_t> codes;
};

void take_texts(const StoreContents& contents, Derived& derived) {
  std::uint64_t& text_bytes = derived.header.text_bytes;
  for (const std::string& source : contents.sources) {
    derived.sources.push_back({text_bytes, source.size()});
    text_bytes += source.size();
  }
  RarityCounter rarity;
  for (const Chunk& chunk : contents.chunks) {
    // The file's name often says what its text takes for granted.
    const std::vector<Term> terms = terms_of(contents.sources[chunk.source] + "\n" + chunk.text);
    rarity.add(terms);
    derived.chunks.push_back({.text_begin = text_bytes,
                              .text_bytes = static_cast<std::uint32_t>(chunk.text.size()),
                              .source = chunk.source,
                              .first_term = derived.terms.size(),
                              .terms = static_cast<std::uint32_t>(terms.size())});
    derived.terms.insert(derived.terms.end(), terms.begin(), terms.end());
    text_bytes += chunk.text.size();
  }
  derived.weights = rarity.rarities();
}

void encode_vectors(const StoreContents& contents, Derived& derived) {
  const std::size_t stride = code_stride(contents.dimensions);
  derived.codes.resize(contents.chunks.size() * stride);
  const std::span<const float> vectors = contents.vectors;
  const std::span<std::uint8_t> codes = derived.codes;
  for (std::size_t chunk = 0; chunk < contents.chunks.size(); ++chunk) {
    derived.chunks[chunk].code_scale = encode_row(vectors.subspan(chunk * contents.dimensions, contents.dimensions),
                                                  codes.subspan(chunk * stride, stride));
  }
}

Derived derive(const StoreContents& contents) {
  Derived derived;
  take_texts(contents, derived);
  encode_vectors(contents, derived);
  VectorFileHeader& header = derived.header;
  header.dimensions = static_cast<std::uint32_t>(contents.dimensions);
  header.embedder_bytes = contents.embedder.size();
  header.sources = contents.sources.size();
  header.chunks = contents.chunks.size();
  header.weights = derived.weights.size();
  header.terms = derived.terms.size();
  header.graph_rows = contents.graph.rows.size();
  header.graph_steps = contents.graph.steps.size();
  return derived;
}

// Writes sections in order, each where the layout wants it.
template <class Sink>
class SectionWriter {
 public:
  explicit SectionWriter(Sink& sink) : sink_(sink) {}

  void write(const void* data, std::size_t size) {
    sink_.write(data, size);
    at_ += size;
  }
  void fill_up_to(std::uint64_t position) {
    static constexpr std::array<char, kSectionAlignment> kZeros{};
    write(kZeros.data(), position - at_);
  }
  template <class T>
  void write_at(std::uint64_t position, const std::vector<T>& items) {
    fill_up_to(position);
    write(items.data(), items.size() * sizeof(T));
  }

 private:
  Sink& sink_;
  std::uint64_t at_ = 0;
};

template <class Sink>
void write_sections(Sink& sink, const StoreContents& contents, const Derived& derived) {
  const Layout layout = lay_out(derived.header);
  SectionWriter<Sink> writer(sink);
  writer.write(&derived.header, sizeof derived.header);
  writer.fill_up_to(layout.embedder);
  writer.write(contents.embedder.data(), contents.embedder.size());
  writer.write_at(layout.sources, derived.sources);
  writer.write_at(layout.chunks, derived.chunks);
  writer.write_at(layout.weights, derived.weights);
  writer.write_at(layout.terms, derived.terms);
  writer.fill_up_to(layout.texts);
  for (const std::string& source : contents.sources) writer.write(source.data(), source.size());
  for (const Chunk& chunk : contents.chunks) writer.write(chunk.text.data(), chunk.text.size());
  writer.write_at(layout.codes, derived.codes);
  writer.write_at(layout.vectors, contents.vectors);
  writer.write_at(layout.graph_rows, contents.graph.rows);
  writer.write_at(layout.graph_steps, contents.graph.steps);
  writer.fill_up_to(layout.checksum);
  const std::uint32_t sum = sink.sum();
  writer.write(&sum, sizeof sum);
}

// Memory that begins where a mapped file would.
class Image {
 public:
  explicit Image(std::size_t size) : blocks_((size + sizeof(Block) - 1) / sizeof(Block)), size_(size) {}
  void write(const void* data, std::size_t size) {
    if (size != 0) std::memcpy(reinterpret_cast<std::byte*>(blocks_.data()) + at_, data, size);
    sum_ = crc32(sum_, data, size);
    at_ += size;
  }
  [[nodiscard]] std::uint32_t sum() const { return sum_; }
  [[nodiscard]] std::span<const std::byte> bytes() const {
    return {reinterpret_cast<const std::byte*>(blocks_.data()), size_};
  }

 private:
  struct alignas(kSectionAlignment) Block {
    std::array<std::byte, kSectionAlignment> bytes;
  };
  std::vector<Block> blocks_;
  std::size_t size_;
  std::size_t at_ = 0;
  std::uint32_t sum_ = 0;
};

}  // namespace

base::Status write_vector_file(const std::string& path, const StoreContents& contents) {
  for (const Chunk& chunk : contents.chunks) {
    if (chunk.text.size() > std::numeric_limits<std::uint32_t>::max()) {
      return base::fail(base::Code::invalid_argument, "a chunk is over 4 GiB");
    }
  }
  NewFile file(path + "." + unlikely_name() + ".new");
  write_sections(file, contents, derive(contents));
  int error = file.put_at(path);
  if (error == 0) error = sync_folder_of(path);
  if (error != 0) return base::fail(base::error_from_errno(error, "write vector store " + path));
  return {};
}

VectorStore make_vector_store(const StoreContents& contents) {
  const Derived derived = derive(contents);
  auto image = std::make_shared<Image>(lay_out(derived.header).end);
  write_sections(*image, contents, derived);
  const std::span<const std::byte> bytes = image->bytes();
  auto store = parse_vector_file(bytes, std::move(image), "in memory");
  assert(store);
  return std::move(*store);
}

}  // namespace chatcore::retrieval
