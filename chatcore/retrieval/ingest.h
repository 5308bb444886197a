#pragma once
// Makes a vector store file out of texts: files → chunks → vectors → one file, replaced whole. Blocking; this is what
// `chatcore ingest` runs. Reading the same folder again gives the same file, byte for byte.

#include <cstdint>
#include <functional>
#include <string>
#include <vector>

#include "base/result.h"
#include "chatcore/retrieval/embedder.h"
#include "chatcore/retrieval/text_splitter.h"

namespace chatcore::retrieval {

struct IngestOptions {
  std::vector<std::string> paths;  // files, and folders read with all that is below them; hidden names are left out
  std::string store_file;
  SplitOptions split;
  std::size_t max_file_bytes = 16u << 20;  // a larger file is skipped
  std::size_t max_chunks = 200'000;        // 300 MB of vectors, all of them in memory later: more is too_large
};

struct IngestProgress {
  std::size_t files_done = 0;
  std::size_t files_total = 0;
  std::size_t chunks = 0;           // cut so far; all of them once every file is read
  std::size_t chunks_embedded = 0;  // 0 until then
  std::string file;                 // the one just read; empty while embedding
};

struct SkippedFile {
  std::string file;
  std::string reason;
};

struct IngestReport {
  std::size_t files = 0;  // that are in the store now
  std::size_t chunks = 0;
  std::uint64_t text_bytes = 0;
  std::vector<SkippedFile> skipped;  // each was logged as a warning too
};

// `progress` is called after each file and then after every few hundred chunks embedded; may be empty. Errors:
// not_found (a path), invalid_argument (no text in any of the paths), too_large, corrupt (the store file exists and is
// broken: it is left as it is), those of the embedder and of writing. On any error the store file is as it was.
base::Result<IngestReport> ingest(const IngestOptions& options, const Embedder& embedder,
                                  const std::function<void(const IngestProgress&)>& progress);

}  // namespace chatcore::retrieval
