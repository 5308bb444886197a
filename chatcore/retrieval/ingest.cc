#include "chatcore/retrieval/ingest.h"

#include <algorithm>
#include <cmath>
#include <filesystem>
#include <fstream>
#include <limits>
#include <optional>
#include <set>
#include <unordered_map>

#include "base/log.h"
#include "chatcore/retrieval/docs_json.h"
#include "chatcore/retrieval/documents.h"
#include "chatcore/retrieval/hashed_embedder.h"
#include "chatcore/retrieval/markdown_splitter.h"
#include "chatcore/retrieval/text_files.h"
#include "chatcore/retrieval/vector_file.h"
#include "chatcore/retrieval/vector_journal.h"

namespace chatcore::retrieval {
namespace {

namespace fs = std::filesystem;
using base::Code;

// One request where a backend embeds; often enough for a progress bar to move.
constexpr std::size_t kChunksAtOnce = 64;
// A docs.json names its list of documents at its beginning.
constexpr std::size_t kBeginningBytes = 4096;

// The old store, for what can be taken over. A broken one may be all that is left of texts that are gone: it is not
// for us to throw away. One of an earlier version or another embedder is replaced.
base::Result<VectorStore> open_old_store(const IngestOptions& options, const Embedder& embedder) {
  auto old = load_vector_store(options.store_file, embedder.name(), embedder.dimensions());
  if (old) return old;
  const Code code = old.error().code;
  const bool may_replace = code == Code::not_found || code == Code::conflict;
  if (may_replace || (code == Code::corrupt && options.replace_broken)) return VectorStore();
  return base::fail(old.error());
}

// False for what has no direction.
bool bring_to_unit_length(std::vector<float>& vector) {
  double square = 0;
  for (const float number : vector) square += double{number} * double{number};
  if (!(square > 0) || !std::isfinite(square)) return false;
  const auto length = static_cast<float>(std::sqrt(square));
  for (float& number : vector) number /= length;
  return true;
}

bool is_built_in(const Embedder& embedder) { return embedder.name() == HashedEmbedder().name(); }

class Ingestion {
 public:
  Ingestion(const IngestOptions& options, const Embedder& embedder, const VectorStore& old,
            const std::function<void(const IngestProgress&)>& progress)
      : options_(options), embedder_(embedder), old_(old), notify_(progress) {
    contents_.embedder = embedder.name();
    contents_.dimensions = embedder.dimensions();
  }

  base::Result<IngestReport> run(const std::vector<TextFile>& files) {
    progress_.files_total = files.size();
    for (const TextFile& file : files) {
      if (auto taken = take_file(file); !taken) return base::fail(taken.error().within("ingest " + file.name));
      ++progress_.files_done;
      report_progress(file.name);
    }
    if (contents_.chunks.empty()) {
      return base::fail(Code::invalid_argument, "nothing to ingest: no text in the files named");
    }
    if (auto embedded = find_vectors(); !embedded) return base::fail(embedded.error());
    if (auto linked = link(); !linked) return base::fail(linked.error());
    if (auto written = write(); !written) return base::fail(written.error());
    report_.has_graph = !contents_.graph.rows.empty();
    report_.files = contents_.sources.size();
    report_.gone = count_gone();
    report_.chunks = contents_.chunks.size();
    return std::move(report_);
  }

 private:
  base::Status take_file(const TextFile& file) {
    if (file.name.ends_with(".json") && looks_like_docs_json(beginning_of(file.path, kBeginningBytes))) {
      return take_documents(file);
    }
    const auto document = read_document(file, options_.max_file_bytes);
    if (!document) {
      base::log_warning("file not ingested", {{"file", file.path.string()}, {"reason", document.error().message}});
      report_.skipped.push_back({file.name, document.error().message});
      return {};
    }
    if (document->bad_bytes != 0) {
      base::log_warning("file ingested; bytes that are not UTF-8 were replaced",
                        {{"file", file.path.string()}, {"bytes", document->bad_bytes}});
    }
    if (document->is_cut) {
      base::log_warning(
          "HTML file ingested in part: elements nested more than 10,000 deep were left out; check for unclosed tags",
          {{"file", file.path.string()}});
    }
    if (document->has_headings) {
      for (std::string& piece : split_markdown(document->text, options_.split)) {
        if (auto added = add_chunk(file, std::move(piece), {}); !added) return added;
      }
    } else {
      for (const std::string_view piece : split_text(document->text, options_.split)) {
        if (auto added = add_chunk(file, std::string(piece), {}); !added) return added;
      }
    }
    return {};
  }

  base::Status take_documents(const TextFile& file) {
    std::ifstream input(file.path, std::ios::binary);
    if (!input) return base::fail(Code::permission_denied, "cannot be opened");
    const bool is_ours = !options_.embeddings_by.empty() && options_.embeddings_by == embedder_.name();
    return read_docs_json(input, options_.max_file_bytes, [&](StoredDocument document) -> base::Status {
      const auto pieces = split_text(document.text, options_.split);
      // The embedding is of the whole text, so it is of no use once that was cut.
      const bool fits = is_ours && pieces.size() == 1 && document.embedding.size() == contents_.dimensions;
      for (const std::string_view piece : pieces) {
        std::vector<float> vector = fits ? std::move(document.embedding) : std::vector<float>();
        if (auto added = add_chunk(file, std::string(piece), std::move(vector)); !added) return added;
      }
      return {};
    });
  }

  // `vector` is empty, or the chunk's.
  base::Status add_chunk(const TextFile& file, std::string text, std::vector<float> vector) {
    if (contents_.chunks.size() == options_.max_chunks) {
      return base::fail(Code::too_large, "more than " + std::to_string(options_.max_chunks) + " chunks");
    }
    if (contents_.sources.empty() || &file != last_file_) contents_.sources.push_back(file.name);
    last_file_ = &file;
    report_.text_bytes += text.size();
    contents_.chunks.push_back({std::move(text), static_cast<std::uint32_t>(contents_.sources.size() - 1)});
    contents_.vectors.resize(contents_.chunks.size() * contents_.dimensions);
    if (vector.empty() || !bring_to_unit_length(vector)) {
      wanting_.push_back(contents_.chunks.size() - 1);
    } else {
      put_vector(contents_.chunks.size() - 1, vector);
      ++report_.brought;
    }
    return {};
  }

  void put_vector(std::size_t chunk, std::span<const float> vector) {
    std::copy(vector.begin(), vector.end(),
              contents_.vectors.begin() + static_cast<std::ptrdiff_t>(chunk * contents_.dimensions));
  }

  base::Status find_vectors() {
    take_over_vectors();
    if (auto resumed = resume(); !resumed) return resumed;
    progress_.chunks_done = contents_.chunks.size() - wanting_.size();
    for (std::size_t first = 0; first < wanting_.size(); first += kChunksAtOnce) {
      const auto some = std::span(wanting_).subspan(first, std::min(kChunksAtOnce, wanting_.size() - first));
      if (auto embedded = embed(some); !embedded) return embedded;
      report_progress("");
    }
    if (wanting_.empty()) report_progress("");
    return {};
  }

  // What is compared is the text itself, so a vector is never taken over for another text.
  void take_over_vectors() {
    std::unordered_map<std::string_view, std::size_t> known;
    known.reserve(old_.size());
    for (std::size_t chunk = 0; chunk < old_.size(); ++chunk) known.emplace(old_.text(chunk), chunk);
    const auto take_over = [&](std::size_t chunk) {
      const auto found = known.find(contents_.chunks[chunk].text);
      if (found == known.end()) return false;
      put_vector(chunk, old_.vector(found->second));
      ++report_.reused;
      return true;
    };
    wanting_.erase(std::remove_if(wanting_.begin(), wanting_.end(), take_over), wanting_.end());
  }

  // Goes on where an ingest that did not come to its end has stopped. What the built-in embedder does is quicker done
  // again than read.
  base::Status resume() {
    if (wanting_.empty() || is_built_in(embedder_)) return {};
    if (auto folder = create_folder(); !folder) return folder;
    std::unordered_multimap<std::string_view, std::size_t> wanted;
    for (const std::size_t chunk : wanting_) wanted.emplace(contents_.chunks[chunk].text, chunk);
    journal_.emplace(options_.store_file + ".embedded", contents_.embedder, contents_.dimensions);
    const auto opened = journal_->open([&](std::string_view text, std::span<const float> vector) {
      const auto [first, last] = wanted.equal_range(text);
      for (auto it = first; it != last; ++it) put_vector(it->second, vector);
      report_.reused += static_cast<std::size_t>(std::distance(first, last));
      wanted.erase(first, last);
    });
    std::erase_if(wanting_, [&](std::size_t chunk) { return !wanted.contains(contents_.chunks[chunk].text); });
    return opened;
  }

  base::Status embed(std::span<const std::size_t> chunks) {
    std::vector<std::string_view> texts;
    for (const std::size_t chunk : chunks) texts.emplace_back(contents_.chunks[chunk].text);
    const auto vectors = embedder_.embed_batch(texts, {});
    if (!vectors) return base::fail(vectors.error().within("embed chunks"));
    if (vectors->size() != chunks.size()) return base::fail(Code::internal, "the embedder left texts out");
    for (std::size_t i = 0; i < chunks.size(); ++i) {
      const std::vector<float>& vector = (*vectors)[i];
      if (vector.size() != contents_.dimensions) {
        return base::fail(Code::internal, "the embedder gave a vector of another length than it promised");
      }
      put_vector(chunks[i], vector);
    }
    if (journal_) {
      if (auto noted = journal_->add(texts, *vectors); !noted) return noted;
    }
    report_.embedded += chunks.size();
    progress_.chunks_done += chunks.size();
    return {};
  }

  // The built-in embedder's vectors hardly gather about subjects, so that a graph finds too few of them to be quicker
  // than looking at every code: such a store gets one only when told so. Those of models do gather.
  [[nodiscard]] bool wants_graph() const {
    if (options_.index != IndexChoice::automatic) return options_.index == IndexChoice::graph;
    return contents_.chunks.size() >= options_.graph_from && !is_built_in(embedder_);
  }

  // A graph is of places and vectors, so the old one is good for the same vectors in the same order.
  base::Status link() {
    if (!wants_graph()) return {};
    if (old_.graph_bytes() != 0 && std::ranges::equal(old_.vectors(), contents_.vectors)) {
      contents_.graph = copy_of(old_.graph());
      return {};
    }
    progress_.links = true;
    auto graph = build_graph(contents_.vectors, contents_.dimensions, [this](std::size_t linked) {
      progress_.chunks_linked = linked;
      report_progress("");
    });
    if (!graph) return base::fail(graph.error());
    contents_.graph = std::move(*graph);
    return {};
  }

  // A store holds what it was made of and nothing else: who named only what is new has lost the rest, and shall see it.
  [[nodiscard]] std::size_t count_gone() const {
    std::set<std::string_view> gone;
    for (std::size_t chunk = 0; chunk < old_.size(); ++chunk) gone.insert(old_.source(chunk));
    for (const std::string& source : contents_.sources) gone.erase(source);
    return gone.size();
  }

  base::Status create_folder() const {
    const fs::path folder = fs::path(options_.store_file).parent_path();
    std::error_code error;
    if (!folder.empty()) fs::create_directories(folder, error);
    if (error) return base::fail(base::error_from_errno(error.value(), "create " + folder.string()));
    return {};
  }

  base::Status write() {
    if (auto folder = create_folder(); !folder) return folder;
    if (auto written = write_vector_file(options_.store_file, contents_); !written) return written;
    if (journal_) journal_->remove();
    return {};
  }

  void report_progress(const std::string& file) {
    progress_.chunks = contents_.chunks.size();
    progress_.file = file;
    if (notify_) notify_(progress_);
  }

  const IngestOptions& options_;
  const Embedder& embedder_;
  const VectorStore& old_;
  const std::function<void(const IngestProgress&)>& notify_;
  StoreContents contents_;
  const TextFile* last_file_ = nullptr;
  std::vector<std::size_t> wanting_;  // chunks without a vector
  std::optional<VectorJournal> journal_;
  IngestProgress progress_;
  IngestReport report_;
};

}  // namespace

base::Result<IngestReport> ingest(const IngestOptions& options, const Embedder& embedder,
                                  const std::function<void(const IngestProgress&)>& progress) {
  // First, since reading and embedding may take minutes.
  const auto old = open_old_store(options, embedder);
  if (!old) return base::fail(old.error());
  const auto files = list_text_files(options.paths, options.store_file);
  if (!files) return base::fail(files.error());
  return Ingestion(options, embedder, *old, progress).run(*files);
}

}  // namespace chatcore::retrieval
