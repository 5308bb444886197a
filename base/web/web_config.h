#pragma once
// The web config file: TLS, client certificates, users with passwords, and response headers of an HTTP server, in the
// format of Prometheus, its exporters and Alertmanager (exporter-toolkit). What that format allows and this server
// lacks: HTTP/2 (`http2` is accepted, connections use HTTP/1.1), and TLS below 1.2, which is refused. Every problem is
// reported with its line.

#include <functional>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/config/problem.h"
#include "base/http_client.h"
#include "base/rate_limiter.h"
#include "base/result.h"
#include "base/tls.h"

namespace base {

struct WebConfigFile {
  std::optional<TlsSettings> tls;
  HttpHeaders headers;                       // added to every response
  std::map<std::string, std::string> users;  // name → bcrypt hash of the password
  std::optional<RateLimit> rate;             // of all requests together
  std::vector<std::string> warnings;         // for the log, such as a key that all users can read

  // Whether every client must authenticate: by a password or a verified certificate.
  [[nodiscard]] bool authenticates() const;
};

// `config` is present exactly when `problems` is empty.
struct WebConfigResult {
  std::optional<WebConfigFile> config;
  std::vector<config::ConfigProblem> problems;
};

// The text of a file that the configuration names; relative paths are relative to the configuration's folder.
using ReadNamedFile = std::function<Result<std::string>(const std::string& path, bool is_secret)>;

// Pure. `file_name` appears in problems only.
WebConfigResult parse_web_config(std::string_view yaml, std::string_view file_name, const ReadNamedFile& read_file);

// Root refuses a file that other users can change (find_distrust). Blocks on the file system.
WebConfigResult load_web_config(const std::string& path);

// The server's certificate (PEM) for a client on the same machine, "" without TLS. Reads no private key, which clients
// may not read. Checks no more than it reads. Errors: those of reading the file and the certificate's.
Result<std::string> load_web_certificate(const std::string& path);

}  // namespace base
