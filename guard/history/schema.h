#pragma once
// Migrates the database's schema. Private to this folder.

#include <span>

#include "guard/history/sqlite.h"

namespace guard::history {

// Step i leads from version i to version i + 1.
using SchemaSteps = std::span<const char* const>;
SchemaSteps schema_steps();

// read_write: brings an older or empty database to the newest version. Errors: corrupt when it is another program's
// file; invalid_argument when a newer leakguard wrote it, with what to do.
base::Status prepare_schema(Database& database, SchemaSteps steps = schema_steps());
// read_only: the same, but for an older or empty one too, since nothing can be done about it.
base::Status check_schema(Database& database, SchemaSteps steps = schema_steps());

}  // namespace guard::history
