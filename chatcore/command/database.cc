#include "chatcore/command/database.h"

#include "chatcore/command/secret_file.h"

namespace chatcore::command {

base::Result<std::string> database_url(const Config& config) {
  if (config.database.url_file.empty()) return config.database.url;
  return read_secret("database.url_file", config.database.url_file);
}

base::Result<std::unique_ptr<storage::Store>> open_database(const Config& config, const base::Clock& clock) {
  const auto url = database_url(config);
  if (!url) return base::fail(url.error());
  return storage::open_store(*url, clock, config.database.migrate);
}

}  // namespace chatcore::command
