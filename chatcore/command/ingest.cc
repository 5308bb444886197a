#include "chatcore/retrieval/ingest.h"

#include <cstdio>
#include <string>

#include <unistd.h>

#include "base/units.h"
#include "chatcore/command/commands.h"

namespace chatcore::command {
namespace {

void show_progress(const retrieval::IngestProgress& progress) {
  constexpr std::size_t kWidth = 40;
  const std::size_t total = progress.files_total == 0 ? 1 : progress.files_total;
  const std::size_t filled = progress.files_done * kWidth / total;
  const std::string bar = std::string(filled, '#') + std::string(kWidth - filled, '.');
  std::fprintf(stderr, "\r[%s] %zu/%zu files, %zu chunks", bar.c_str(), progress.files_done, progress.files_total,
               progress.chunks);
  if (progress.files_done == progress.files_total) std::fputc('\n', stderr);
  std::fflush(stderr);
}

}  // namespace

int ingest_texts(const Config& config, const std::vector<std::string>& paths) {
  // On a terminal only: in a log a progress bar is a thousand lines.
  std::function<void(const retrieval::IngestProgress&)> progress;
  if (isatty(STDERR_FILENO) == 1) progress = show_progress;
  retrieval::IngestOptions options;
  options.paths = paths;
  options.store_file = config.retrieval.store_file;
  const auto report = retrieval::ingest(options, *retrieval::make_built_in_embedder(), progress);
  if (!report) {
    std::fprintf(stderr, "chatcore ingest: %s\n", report.error().message.c_str());
    return kExitFailed;
  }
  std::printf("%zu files, %zu chunks, %s of text in %s; %zu skipped\n", report->files, report->chunks,
              base::format_bytes({static_cast<std::int64_t>(report->text_bytes)}).c_str(), options.store_file.c_str(),
              report->skipped.size());
  return kExitFine;
}

}  // namespace chatcore::command
