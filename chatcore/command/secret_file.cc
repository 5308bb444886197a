#include "chatcore/command/secret_file.h"

#include <algorithm>
#include <cerrno>
#include <fstream>

namespace chatcore::command {
namespace {

// More is a mistake, and would be read into memory.
constexpr std::size_t kMaxSecretBytes = 4096;

}  // namespace

base::Result<std::string> read_secret(const std::string& setting, const std::string& path) {
  std::ifstream file(path);
  if (!file) return base::fail(base::error_from_errno(errno, "open " + setting + " " + path));
  std::string secret(kMaxSecretBytes + 1, '\0');
  file.read(secret.data(), static_cast<std::streamsize>(secret.size()));
  secret.resize(static_cast<std::size_t>(file.gcount()));
  secret.resize(std::min(secret.find_first_of("\r\n"), secret.size()));
  if (secret.empty() || secret.size() > kMaxSecretBytes) {
    return base::fail(base::Code::invalid_argument, setting + " " + path + ": its first line must be the secret");
  }
  return secret;
}

}  // namespace chatcore::command
