#include "chatcore/access/named_file.h"

#include <cerrno>
#include <fstream>

namespace chatcore::access {

base::Error file_error(const std::string& setting, const std::string& path, const base::Error& error) {
  std::string text = setting + ": " + path + ": " + error.message;
  if (error.code == base::Code::not_found) text += "; make it, or correct the setting";
  if (error.code == base::Code::permission_denied) text += "; let the user that chatcore runs as read it";
  return {error.code, text};
}

base::Result<std::string> read_named_file(const std::string& setting, const std::string& path, std::size_t max_bytes) {
  const auto failed = [&](const base::Error& error) { return base::fail(file_error(setting, path, error)); };
  std::ifstream file(path, std::ios::binary);
  if (!file) return failed(base::error_from_errno(errno, "cannot be opened"));
  std::string text(max_bytes + 1, '\0');
  file.read(text.data(), static_cast<std::streamsize>(text.size()));
  if (file.bad()) return failed(base::error_from_errno(errno, "cannot be read"));
  text.resize(static_cast<std::size_t>(file.gcount()));
  if (text.size() <= max_bytes) return text;
  return failed({base::Code::too_large, "is over " + std::to_string(max_bytes >> 10U) + " KiB, too large to be meant"});
}

}  // namespace chatcore::access
