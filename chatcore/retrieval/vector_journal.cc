#include "chatcore/retrieval/vector_journal.h"

#include <cerrno>
#include <cstring>
#include <filesystem>
#include <system_error>

#include "chatcore/retrieval/checksum.h"

namespace chatcore::retrieval {
namespace {

constexpr std::string_view kMagic = "CHATEMB\n";
constexpr std::uint32_t kVersion = 1;
// A record is of one request; whatever claims to be longer is damage.
constexpr std::uint32_t kMaxRecordBytes = 1u << 30;

void put(std::string& bytes, std::uint32_t number) {
  bytes.append(reinterpret_cast<const char*>(&number), sizeof number);
}

std::string header_of(std::string_view embedder, std::size_t dimensions) {
  std::string header(kMagic);
  put(header, kVersion);
  put(header, static_cast<std::uint32_t>(dimensions));
  put(header, static_cast<std::uint32_t>(embedder.size()));
  header += embedder;
  return header;
}

// Takes numbers and texts from the front of a record; false when it is too short for them.
class RecordReader {
 public:
  explicit RecordReader(std::string_view bytes) : bytes_(bytes) {}
  [[nodiscard]] bool is_at_end() const { return bytes_.empty(); }
  bool take(void* to, std::size_t size) {
    if (bytes_.size() < size) return false;
    std::memcpy(to, bytes_.data(), size);
    bytes_.remove_prefix(size);
    return true;
  }
  bool take_text(std::string_view& text) {
    std::uint32_t size = 0;
    if (!take(&size, sizeof size) || bytes_.size() < size) return false;
    text = bytes_.substr(0, size);
    bytes_.remove_prefix(size);
    return true;
  }

 private:
  std::string_view bytes_;
};

bool read_exactly(std::ifstream& file, std::string& bytes, std::size_t size) {
  bytes.resize(size);
  file.read(bytes.data(), static_cast<std::streamsize>(size));
  return static_cast<std::size_t>(file.gcount()) == size;
}

// The payload of the next record, when there is a whole one.
bool read_record(std::ifstream& file, std::string& payload) {
  std::string front;
  std::uint32_t size = 0;
  std::uint32_t sum = 0;
  if (!read_exactly(file, front, sizeof size + sizeof sum)) return false;
  std::memcpy(&size, front.data(), sizeof size);
  std::memcpy(&sum, front.data() + sizeof size, sizeof sum);
  return size <= kMaxRecordBytes && read_exactly(file, payload, size) && crc32(0, payload.data(), size) == sum;
}

}  // namespace

VectorJournal::VectorJournal(std::string path, std::string_view embedder, std::size_t dimensions)
    : path_(std::move(path)), header_(header_of(embedder, dimensions)), dimensions_(dimensions) {}

std::uint64_t VectorJournal::replay(const Known& known) const {
  std::ifstream file(path_, std::ios::binary);
  std::string bytes;
  if (!read_exactly(file, bytes, header_.size()) || bytes != header_) return 0;
  std::uint64_t whole = header_.size();
  std::vector<float> vector(dimensions_);
  while (read_record(file, bytes)) {
    RecordReader record(bytes);
    std::string_view text;
    while (!record.is_at_end() && record.take_text(text) && record.take(vector.data(), dimensions_ * sizeof(float))) {
      known(text, vector);
    }
    whole += 2 * sizeof(std::uint32_t) + bytes.size();
  }
  return whole;
}

base::Status VectorJournal::open(const Known& known) {
  const std::uint64_t whole = replay(known);
  if (whole == 0) {
    file_.open(path_, std::ios::binary | std::ios::trunc);
    file_ << header_ << std::flush;
  } else {
    std::error_code error;
    std::filesystem::resize_file(path_, whole, error);
    if (!error) file_.open(path_, std::ios::binary | std::ios::app);
  }
  if (!file_) return base::fail(base::error_from_errno(errno, "write " + path_));
  return {};
}

base::Status VectorJournal::add(std::span<const std::string_view> texts, std::span<const std::vector<float>> vectors) {
  std::string payload;
  for (std::size_t i = 0; i < texts.size(); ++i) {
    put(payload, static_cast<std::uint32_t>(texts[i].size()));
    payload += texts[i];
    payload.append(reinterpret_cast<const char*>(vectors[i].data()), vectors[i].size() * sizeof(float));
  }
  std::string record;
  put(record, static_cast<std::uint32_t>(payload.size()));
  put(record, crc32(0, payload.data(), payload.size()));
  file_ << record << payload << std::flush;
  if (!file_) return base::fail(base::error_from_errno(errno, "write " + path_));
  return {};
}

void VectorJournal::remove() {
  file_.close();
  std::error_code ignored;
  std::filesystem::remove(path_, ignored);
}

}  // namespace chatcore::retrieval
