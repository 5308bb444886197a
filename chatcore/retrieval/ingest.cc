#include "chatcore/retrieval/ingest.h"

#include <algorithm>
#include <filesystem>
#include <fstream>

#include "base/log.h"
#include "chatcore/retrieval/utf8.h"
#include "chatcore/retrieval/vector_file.h"

namespace chatcore::retrieval {
namespace {

namespace fs = std::filesystem;

constexpr std::size_t kChunksBetweenReports = 256;

struct TextFile {
  fs::path path;
  std::string name;  // what passages show: relative to the folder that was named
};

bool is_hidden(const fs::path& path) { return path.filename().string().starts_with('.'); }

// All regular files below `folder`, the store file apart. Links to folders are not followed, so there is no circle.
base::Status list_folder(const fs::path& folder, const fs::path& store_file, std::vector<TextFile>& files) {
  std::error_code error;
  fs::recursive_directory_iterator entry(folder, error);
  for (; !error && entry != fs::recursive_directory_iterator(); entry.increment(error)) {
    std::error_code ignored;
    if (is_hidden(entry->path())) {
      entry.disable_recursion_pending();
    } else if (entry->is_regular_file(ignored) && !fs::equivalent(entry->path(), store_file, ignored)) {
      files.push_back({entry->path(), entry->path().lexically_relative(folder).generic_string()});
    }
  }
  if (error) return base::fail(base::error_from_errno(error.value(), "list " + folder.string()));
  return {};
}

base::Result<std::vector<TextFile>> list_files(const IngestOptions& options) {
  std::vector<TextFile> files;
  for (const std::string& path : options.paths) {
    std::error_code error;
    const fs::file_status status = fs::status(path, error);
    if (fs::is_directory(status)) {
      if (auto listed = list_folder(path, options.store_file, files); !listed) return base::fail(listed.error());
    } else if (fs::exists(status)) {
      files.push_back({path, fs::path(path).filename().string()});
    } else {
      return base::fail(base::error_from_errno(error ? error.value() : ENOENT, "ingest " + path));
    }
  }
  // Directories are listed in no order; sorted, the same texts always make the same store.
  const auto key = [](const TextFile& file) { return std::pair(file.name, file.path.string()); };
  std::sort(files.begin(), files.end(), [&](const TextFile& a, const TextFile& b) { return key(a) < key(b); });
  return files;
}

// The text of the file without its byte order mark, or why it is not one.
base::Result<std::string> read_text(const fs::path& path, std::size_t max_bytes) {
  std::error_code error;
  if (!fs::is_regular_file(path, error)) return base::fail(base::Code::invalid_argument, "not a regular file");
  const std::uintmax_t size = fs::file_size(path, error);
  if (error) return base::fail(base::Code::unavailable, "cannot be read");
  if (size > max_bytes) return base::fail(base::Code::too_large, "too large");
  std::ifstream file(path, std::ios::binary);
  if (!file) return base::fail(base::Code::permission_denied, "cannot be opened");
  std::string text(size + 1, '\0');  // one more, to see that it ends there
  file.read(text.data(), static_cast<std::streamsize>(text.size()));
  text.resize(static_cast<std::size_t>(file.gcount()));
  if (file.bad()) return base::fail(base::Code::unavailable, "cannot be read");
  if (text.size() > size) return base::fail(base::Code::conflict, "still being written");
  if (text.find('\0') != std::string::npos) return base::fail(base::Code::invalid_argument, "binary");
  if (!is_valid_utf8(text)) return base::fail(base::Code::invalid_argument, "not UTF-8 text");
  if (text.starts_with("\xEF\xBB\xBF")) text.erase(0, 3);
  return text;
}

// A broken store may be all that is left of texts that are gone: it is not for us to throw away. One made by another
// embedder is whole and replaced.
base::Status check_replaceable(const std::string& store_file) {
  const auto existing = read_vector_file(store_file);
  const auto code = existing ? base::Code::not_found : existing.error().code;
  if (code == base::Code::not_found || code == base::Code::conflict) return {};
  return base::fail(existing.error());
}

class Ingestion {
 public:
  Ingestion(const IngestOptions& options, const Embedder& embedder,
            const std::function<void(const IngestProgress&)>& progress)
      : options_(options), embedder_(embedder), notify_(progress) {
    contents_.embedder = embedder.name();
    contents_.dimensions = embedder.dimensions();
  }

  base::Result<IngestReport> run(const std::vector<TextFile>& files) {
    progress_.files_total = files.size();
    for (const TextFile& file : files) {
      if (auto read = take_file(file); !read) return base::fail(read.error());
      ++progress_.files_done;
      report_progress(file.name);
    }
    if (contents_.chunks.empty()) {
      return base::fail(base::Code::invalid_argument, "nothing to ingest: no text in the files named");
    }
    if (auto embedded = embed_chunks(); !embedded) return base::fail(embedded.error());
    if (auto written = write(); !written) return base::fail(written.error());
    report_.files = contents_.sources.size();
    report_.chunks = contents_.chunks.size();
    return std::move(report_);
  }

 private:
  base::Status take_file(const TextFile& file) {
    const auto text = read_text(file.path, options_.max_file_bytes);
    if (!text) {
      base::log_warning("file not ingested", {{"file", file.path.string()}, {"reason", text.error().message}});
      report_.skipped.push_back({file.name, text.error().message});
      return {};
    }
    const auto chunks = split_text(*text, options_.split);
    if (chunks.empty()) return {};
    if (contents_.chunks.size() + chunks.size() > options_.max_chunks) {
      return base::fail(base::Code::too_large, "ingest: more than " + std::to_string(options_.max_chunks) +
                                                   " chunks, reached at " + file.name);
    }
    const auto source = static_cast<std::uint32_t>(contents_.sources.size());
    contents_.sources.push_back(file.name);
    for (const std::string_view chunk : chunks) contents_.chunks.push_back({std::string(chunk), source});
    report_.text_bytes += text->size();
    return {};
  }

  base::Status embed_chunks() {
    const std::vector<std::string_view> texts = [&] {
      std::vector<std::string_view> views;
      for (const Chunk& chunk : contents_.chunks) views.emplace_back(chunk.text);
      return views;
    }();
    contents_.vectors.reserve(texts.size() * contents_.dimensions);
    for (const std::string_view text : texts) {
      const auto vector = embedder_.embed(text);
      if (!vector) return base::fail(vector.error().within("embed a chunk"));
      if (vector->size() != contents_.dimensions) {
        return base::fail(base::Code::internal, "the embedder gave a vector of another length than it promised");
      }
      contents_.vectors.insert(contents_.vectors.end(), vector->begin(), vector->end());
      ++progress_.chunks_embedded;
      if (progress_.chunks_embedded % kChunksBetweenReports == 0) report_progress("");
    }
    report_progress("");
    return {};
  }

  base::Status write() const {
    const fs::path folder = fs::path(options_.store_file).parent_path();
    std::error_code error;
    if (!folder.empty()) fs::create_directories(folder, error);
    if (error) return base::fail(base::error_from_errno(error.value(), "create " + folder.string()));
    return write_vector_file(options_.store_file, contents_);
  }

  void report_progress(const std::string& file) {
    progress_.chunks = contents_.chunks.size();
    progress_.file = file;
    if (notify_) notify_(progress_);
  }

  const IngestOptions& options_;
  const Embedder& embedder_;
  const std::function<void(const IngestProgress&)>& notify_;
  StoreContents contents_;
  IngestProgress progress_;
  IngestReport report_;
};

}  // namespace

base::Result<IngestReport> ingest(const IngestOptions& options, const Embedder& embedder,
                                  const std::function<void(const IngestProgress&)>& progress) {
  // First, since reading and embedding may take minutes.
  if (auto replaceable = check_replaceable(options.store_file); !replaceable) return base::fail(replaceable.error());
  const auto files = list_files(options);
  if (!files) return base::fail(files.error());
  return Ingestion(options, embedder, progress).run(*files);
}

}  // namespace chatcore::retrieval
