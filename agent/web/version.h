#pragma once
// Which program this is. The revision is the commit it was built from, or "unknown" outside a checkout.

namespace agent {

extern const char* const kVersion;
extern const char* const kRevision;

}  // namespace agent
