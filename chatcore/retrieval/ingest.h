#pragma once
// Makes a vector store file out of texts: files → chunks → vectors → one file, replaced whole. Blocking; this is what
// `chatcore ingest` runs. Reading the same texts again gives the same file, byte for byte, and embeds none of them:
// a chunk that the old store has keeps its vector.
//
// Text files are cut (Markdown with its headings); a docs.json of the incident's application brings its own chunks.

#include <cstdint>
#include <functional>
#include <string>
#include <vector>

#include "base/result.h"
#include "chatcore/retrieval/embedder.h"
#include "chatcore/retrieval/index_choice.h"
#include "chatcore/retrieval/text_splitter.h"

namespace chatcore::retrieval {

struct IngestOptions {
  std::vector<std::string> paths;  // files, and folders read with all that is below them; hidden names are left out
  std::string store_file;
  SplitOptions split;
  // The name of the embedder that the embeddings in a docs.json are of. They are used when it is the one we embed
  // with and they have its dimensions; else, as always when this is empty, their texts are embedded anew.
  std::string embeddings_by;
  bool replace_broken = false;             // a store file that is broken is replaced rather than an error
  std::size_t max_file_bytes = 16u << 20;  // a larger text file is skipped; a docs.json may be of any size
  // More is too_large. The vectors of so many, 1.5 GB, are all in memory here, and their texts.
  std::size_t max_chunks = 1'000'000;
  IndexChoice index = IndexChoice::automatic;
  // A store of so many chunks gets a graph. Below it, looking at every code takes some 5 ms at most and misses nothing,
  // while making a graph takes minutes.
  std::size_t graph_from = 200'000;
};

struct IngestProgress {
  std::size_t files_done = 0;
  std::size_t files_total = 0;
  std::size_t chunks = 0;       // cut so far; all of them once every file is read
  std::size_t chunks_done = 0;  // that have a vector; 0 until then
  bool links = false;           // all have one, and a graph is made
  std::size_t chunks_linked = 0;
  std::string file;  // the one just read; empty from then on
};

struct SkippedFile {
  std::string file;
  std::string reason;
};

struct IngestReport {
  std::size_t files = 0;  // that are in the store now
  std::size_t gone = 0;   // files that the old store had and this one has not
  std::size_t chunks = 0;
  std::size_t embedded = 0;  // chunks whose vector was made now
  std::size_t reused = 0;    // whose vector the old store had, or an ingest that did not come to its end
  std::size_t brought = 0;   // whose vector came with a docs.json
  std::uint64_t text_bytes = 0;
  bool has_graph = false;
  std::vector<SkippedFile> skipped;  // each was logged as a warning too
};

// `progress` is called after each file and then after every few chunks embedded or linked; may be empty. Errors:
// not_found (a path), invalid_argument (no text in any of the paths), too_large, corrupt (a docs.json is; or the store
// file exists and is broken: it is left as it is), those of the embedder and of writing. On any error the store file is
// as it was, and what a backend has embedded waits beside it for the next attempt (vector_journal.h).
base::Result<IngestReport> ingest(const IngestOptions& options, const Embedder& embedder,
                                  const std::function<void(const IngestProgress&)>& progress);

}  // namespace chatcore::retrieval
