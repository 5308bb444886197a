#pragma once
// A folder of its own for one test, gone with it.

#include <filesystem>
#include <fstream>
#include <string>
#include <string_view>

#include <stdlib.h>

namespace guard::source {

class TemporaryFolder {
 public:
  TemporaryFolder() : path_(make()) {}
  ~TemporaryFolder() {
    std::error_code ignored;
    std::filesystem::remove_all(path_, ignored);
  }
  TemporaryFolder(const TemporaryFolder&) = delete;
  TemporaryFolder& operator=(const TemporaryFolder&) = delete;

  [[nodiscard]] const std::string& path() const { return path_; }
  [[nodiscard]] std::string at(std::string_view name) const { return path_ + '/' + std::string(name); }

  // Makes the folders on the way, too.
  void write(std::string_view name, std::string_view text) const { put(name, text, std::ios::trunc); }
  void append(std::string_view name, std::string_view text) const { put(name, text, std::ios::app); }

 private:
  static std::string make() {
    std::string pattern = (std::filesystem::temp_directory_path() / "leakguard-test-XXXXXX").string();
    return ::mkdtemp(pattern.data()) == nullptr ? std::string("no-temporary-folder") : pattern;
  }
  void put(std::string_view name, std::string_view text, std::ios::openmode mode) const {
    std::filesystem::create_directories(std::filesystem::path(at(name)).parent_path());
    std::ofstream(at(name), std::ios::binary | mode) << text;
  }

  std::string path_;
};

}  // namespace guard::source
