#pragma once
// What the built-in configuration cannot say by itself: where chatcore keeps its data, and as whom it runs.

#include "guard/config/config.h"

namespace agent {

// Beside chatcore's own ./data, so that a first try needs no root and leaves nothing elsewhere. Root's chatcore runs as
// nobody, in a folder of its own that nobody may write; below a folder that is closed to others, that is in
// /var/lib/leakguard-demo, with a copy of the program. Its settings (CHATCORE_...) and PATH are handed on from the
// agent's environment. Errors: from errno.
base::Status complete_demo(guard::config::Config& config);

}  // namespace agent
