#pragma once
// Secrets stand in files that only the program may read, never on a command line, which everybody can.

#include <string>

#include "base/result.h"

namespace chatcore::command {

// The first line of the file that `setting` names. Errors: those of reading; invalid_argument when the line is empty or
// longer than any secret. No error has any of the line in it.
base::Result<std::string> read_secret(const std::string& setting, const std::string& path);

}  // namespace chatcore::command
