#include "chatcore/retrieval/text_files.h"

#include <algorithm>
#include <cerrno>
#include <fstream>
#include <set>
#include <utility>

#include "base/units.h"

namespace chatcore::retrieval {
namespace {

namespace fs = std::filesystem;

bool is_hidden(const fs::path& path) { return path.filename().string().starts_with('.'); }

// All regular files below `folder`, the store file apart. Links to folders are not followed, so there is no circle.
base::Status list_folder(const fs::path& folder, const fs::path& store_file, std::vector<TextFile>& files) {
  std::error_code error;
  std::error_code ignored;
  fs::path at = folder;  // what is looked into when it fails
  fs::recursive_directory_iterator entry(folder, error);
  for (; !error && entry != fs::recursive_directory_iterator(); entry.increment(error)) {
    at = entry->path();
    if (is_hidden(entry->path())) {
      entry.disable_recursion_pending();
    } else if (entry->is_regular_file(ignored) && !fs::equivalent(entry->path(), store_file, ignored)) {
      files.push_back({entry->path(), entry->path().lexically_relative(folder).generic_string()});
    }
  }
  if (error) return base::fail(base::error_from_errno(error.value(), "list " + at.string()));
  return {};
}

// A file that was named twice, or in a folder that is named too, would else crowd other chunks out with its copies.
void leave_out_copies(std::vector<TextFile>& files) {
  std::set<fs::path> seen;
  std::erase_if(files, [&](const TextFile& file) {
    std::error_code error;
    const fs::path real = fs::canonical(file.path, error);
    return !error && !seen.insert(real).second;
  });
}

}  // namespace

base::Result<std::vector<TextFile>> list_text_files(const std::vector<std::string>& paths,
                                                    const std::string& store_file) {
  std::vector<TextFile> files;
  for (const std::string& path : paths) {
    std::error_code error;
    const fs::file_status status = fs::status(path, error);
    if (fs::is_directory(status)) {
      if (auto listed = list_folder(path, store_file, files); !listed) return base::fail(listed.error());
    } else if (fs::exists(status)) {
      files.push_back({path, fs::path(path).filename().string()});
    } else {
      return base::fail(base::error_from_errno(error ? error.value() : ENOENT, "ingest " + path));
    }
  }
  // Directories are listed in no order; sorted, the same texts always make the same store.
  const auto key = [](const TextFile& file) { return std::pair(file.name, file.path.string()); };
  std::sort(files.begin(), files.end(), [&](const TextFile& a, const TextFile& b) { return key(a) < key(b); });
  leave_out_copies(files);
  return files;
}

base::Result<std::string> read_text_file(const fs::path& path, std::size_t max_bytes) {
  std::error_code error;
  if (!fs::is_regular_file(path, error)) return base::fail(base::Code::invalid_argument, "not a regular file");
  const std::uintmax_t size = fs::file_size(path, error);
  if (error) return base::fail(base::Code::unavailable, "cannot be read");
  if (size > max_bytes)
    return base::fail(base::Code::too_large,
                      "larger than " + base::format_bytes({static_cast<std::int64_t>(max_bytes)}) + "; split it");
  std::ifstream file(path, std::ios::binary);
  if (!file) return base::fail(base::Code::permission_denied, "cannot be opened");
  std::string text(size + 1, '\0');  // one more, to see that it ends there
  file.read(text.data(), static_cast<std::streamsize>(text.size()));
  text.resize(static_cast<std::size_t>(file.gcount()));
  if (file.bad()) return base::fail(base::Code::unavailable, "cannot be read");
  if (text.size() > size) return base::fail(base::Code::conflict, "still being written");
  return text;
}

std::string beginning_of(const fs::path& path, std::size_t count) {
  std::ifstream file(path, std::ios::binary);
  std::string text(count, '\0');
  file.read(text.data(), static_cast<std::streamsize>(count));
  text.resize(static_cast<std::size_t>(file.gcount()));
  return text;
}

}  // namespace chatcore::retrieval
