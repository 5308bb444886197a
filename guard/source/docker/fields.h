#pragma once
// Which members of the engine's answers are kept while they are read (base/json_sieve.h). Everything else — mounts,
// networks, environment, labels that select nothing — is never stored, however much of it there is.

#include <set>
#include <string>
#include <vector>

#include "base/json_sieve.h"
#include "guard/sample/target.h"

namespace guard::source {

// Labels that are kept whatever the others are: compose's four, and those that the configuration selects by. Of the
// labels that begin with "leakguard." and of all others a bounded number is kept.
using LabelKeys = std::set<std::string, std::less<>>;
LabelKeys label_keys_of(const std::vector<sample::Target>& targets);

base::JsonSieve::Keep listed_fields(LabelKeys keys);
base::JsonSieve::Keep inspected_fields(LabelKeys keys);
base::JsonSieve::Keep event_fields();
base::JsonSieve::Keep statistics_fields();
base::JsonSieve::Keep version_fields();

// One whole answer, reduced. Errors: corrupt, naming `what`.
base::Result<std::string> reduce(std::string_view json, std::string_view what, base::JsonSieve::Keep keep);

}  // namespace guard::source
