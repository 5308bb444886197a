#pragma once
// The database that a configuration names.

#include <memory>
#include <string>

#include "base/clock.h"
#include "base/result.h"
#include "chatcore/config.h"
#include "chatcore/storage/store.h"

namespace chatcore::command {

// The URL itself, or the one in database.url_file. It may hold a password: show it by storage::redacted_url() only.
base::Result<std::string> database_url(const Config& config);

// Opens that database; the clock must outlive the store. Errors: those of storage::open_store() and read_secret().
base::Result<std::unique_ptr<storage::Store>> open_database(const Config& config, const base::Clock& clock);

}  // namespace chatcore::command
