#pragma once
// Reads the vector store of the application in the incident: {"_documents":[{"pageContent":…,"embedding":[…]}]}. The
// file is streamed: a hundred megabytes of it cost no more memory than its longest document.

#include <cstddef>
#include <functional>
#include <istream>
#include <string>
#include <vector>

#include "base/result.h"

namespace chatcore::retrieval {

struct StoredDocument {
  std::string text;
  std::vector<float> embedding;  // empty when there is none
};

// Whether a file that begins so is to be read as such a store.
bool looks_like_docs_json(std::string_view beginning);

// Calls `take` for each document, in their order, until it fails. What else stands in the file is skipped. Errors:
// corrupt (no JSON, not of that shape; the message says at which byte), too_large (a text or number list over
// `max_value_bytes`), those of `take`.
base::Status read_docs_json(std::istream& input, std::size_t max_value_bytes,
                            const std::function<base::Status(StoredDocument)>& take);

}  // namespace chatcore::retrieval
