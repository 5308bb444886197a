#include "chatcore/retrieval/ingest.h"

#include <algorithm>
#include <chrono>
#include <cstdio>
#include <string>

#include <unistd.h>

#include "base/units.h"
#include "chatcore/command/commands.h"
#include "chatcore/command/language_parts.h"

namespace chatcore::command {
namespace {

using retrieval::IngestProgress;

// One line on a terminal that is written over and over: first the files are read, then chunks get their vectors.
class ProgressBar {
 public:
  void show(const IngestProgress& progress) {
    const bool is_reading = progress.files_done < progress.files_total;
    const std::size_t of_chunks = progress.links ? progress.chunks_linked : progress.chunks_done;
    const std::size_t done = is_reading ? progress.files_done : of_chunks;
    const std::size_t total = is_reading ? progress.files_total : progress.chunks;
    const std::string_view what = is_reading ? "files" : progress.links ? "chunks linked" : "chunks";
    if (what != phase_) begin_phase(what, done);
    const auto now = std::chrono::steady_clock::now();
    if (done < total && now - shown_ < kBetween) return;
    shown_ = now;
    print(what.data(), done, total, std::chrono::duration<double>(now - began_).count());
    if (!is_reading && done == total) std::fputc('\n', stderr);
    std::fflush(stderr);
  }

 private:
  static constexpr std::size_t kWidth = 30;
  static constexpr auto kBetween = std::chrono::milliseconds(100);

  void begin_phase(std::string_view what, std::size_t done) {
    phase_ = what;
    began_ = std::chrono::steady_clock::now();
    done_before_ = done;
  }
  void print(const char* what, std::size_t done, std::size_t total, double seconds) const {
    const std::size_t filled = done * kWidth / std::max<std::size_t>(total, 1);
    const std::string bar = std::string(filled, '#') + std::string(kWidth - filled, '.');
    const double rate = seconds > 0 ? static_cast<double>(done - done_before_) / seconds : 0;
    std::fprintf(stderr, "\r[%s] %zu/%zu %s", bar.c_str(), done, total, what);
    if (rate > 0) {
      std::fprintf(stderr, ", %.0f/s, %.0f s left", rate, static_cast<double>(total - done) / rate);
    }
    std::fputs("   ", stderr);  // over what a longer line left behind
  }

  std::string_view phase_;  // of a literal
  std::size_t done_before_ = 0;
  std::chrono::steady_clock::time_point began_ = std::chrono::steady_clock::now();
  std::chrono::steady_clock::time_point shown_;
};

}  // namespace

int ingest_texts(const Config& config, const CommandLine& line) {
  // On a terminal only: in a log a progress bar is a thousand lines. It has no colour for NO_COLOR to take away.
  std::function<void(const IngestProgress&)> progress;
  ProgressBar bar;
  if (isatty(STDERR_FILENO) == 1) progress = [&bar](const IngestProgress& now) { bar.show(now); };
  retrieval::IngestOptions options;
  options.paths = line.paths;
  options.store_file = config.retrieval.store_file;
  options.embeddings_by = line.embeddings_by;
  options.replace_broken = line.force;
  options.index = config.retrieval.index;
  const BackendKeys keys = read_backend_keys(config);
  for (const auto& error : keys.errors) std::fprintf(stderr, "chatcore ingest: %s\n", error.c_str());
  if (!keys.errors.empty()) return kExitWrongConfiguration;
  const auto report = retrieval::ingest(options, *make_embedder(config, keys), progress);
  if (!report) {
    std::fprintf(stderr, "chatcore ingest: %s\n", report.error().message.c_str());
    return kExitFailed;
  }
  std::printf("%zu files, %zu chunks (%zu embedded, %zu as before, %zu brought), %s of text in %s; %zu skipped\n",
              report->files, report->chunks, report->embedded, report->reused, report->brought,
              base::format_bytes({static_cast<std::int64_t>(report->text_bytes)}).c_str(), options.store_file.c_str(),
              report->skipped.size());
  if (report->gone != 0) {
    std::printf(
        "%zu files of the store before are not in this one: it holds what this command named and nothing else\n",
        report->gone);
  }
  return kExitFine;
}

}  // namespace chatcore::command
