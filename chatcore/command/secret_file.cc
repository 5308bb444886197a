#include "chatcore/command/secret_file.h"

#include <algorithm>

#include "chatcore/access/named_file.h"

namespace chatcore::command {
namespace {

// More is a mistake, and would be read into memory.
constexpr std::size_t kMaxFileBytes = 64u << 10;
constexpr std::size_t kMaxSecretBytes = 4096;

}  // namespace

base::Result<std::string> read_secret(const std::string& setting, const std::string& path) {
  auto secret = access::read_named_file(setting, path, kMaxFileBytes);
  if (!secret) return secret;
  secret->resize(std::min(secret->find_first_of("\r\n"), secret->size()));
  if (secret->empty() || secret->size() > kMaxSecretBytes) {
    return base::fail(
        access::file_error(setting, path, {base::Code::invalid_argument, "its first line must be the secret"}));
  }
  return secret;
}

}  // namespace chatcore::command
