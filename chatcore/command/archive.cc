// migrate, export, import and backup: what an operator does to a database from outside the server.

#include "chatcore/storage/archive.h"

#include <cerrno>
#include <cstdio>
#include <filesystem>
#include <fstream>
#include <functional>
#include <iostream>
#include <memory>
#include <string>

#include <sys/stat.h>

#include "base/clock.h"
#include "chatcore/command/commands.h"
#include "chatcore/command/database.h"
#include "chatcore/storage/archive_lines.h"
#include "chatcore/storage/database_url.h"

namespace chatcore::command {
namespace {

// A longer line is no message that a server accepted, and would be read into memory.
constexpr std::size_t kLongestLine = 256u << 20;

int failed(const char* command, const base::Error& error) {
  std::fprintf(stderr, "chatcore %s: %s\n", command, error.message.c_str());
  return kExitFailed;
}

// The URL of the database, whose tables are there and up to date.
base::Result<std::string> ready_database(const Config& config) {
  const base::SystemClock clock;
  auto url = database_url(config);
  if (!url) return url;
  if (auto store = storage::open_store(*url, clock, config.database.migrate); !store) return base::fail(store.error());
  return url;
}

struct Counts {
  std::size_t conversations = 0;
  std::size_t messages = 0;
  void add(const storage::ArchiveRecord& record) {
    ++(std::holds_alternative<storage::ConversationRecord>(record) ? conversations : messages);
  }
};

base::Result<Counts> write_lines(const std::string& url, const CommandLine& line, std::ostream& out) {
  auto archive = storage::open_archive(url);
  if (!archive) return base::fail(archive.error());
  Counts counts;
  auto read = (*archive)->read(line.user, [&](const storage::ArchiveRecord& record) -> base::Status {
    counts.add(record);
    out << storage::line_of(record) << '\n';
    if (out) return {};
    return base::fail(base::Code::exhausted, "the export cannot be written; is the disk full, or the reader gone?");
  });
  if (!read) return base::fail(read.error());
  if (!out.flush()) return base::fail(base::Code::exhausted, "the export cannot be written; is the disk full?");
  return counts;
}

// Without --force no file is replaced, as by backup.
base::Status check_free(const CommandLine& line) {
  std::error_code ignored;
  const std::string& to = line.paths.front();
  if (line.force || !std::filesystem::is_regular_file(to, ignored)) return {};
  return base::fail(base::Code::invalid_argument,
                    to + " exists already; name another file, or replace it with --force");
}

// An export of before keeps its place until this one is whole. What is no file of its own (a pipe, a device) is written
// to as it is.
base::Result<Counts> write_file(const std::string& url, const CommandLine& line) {
  const std::string& to = line.paths.front();
  std::error_code ignored;
  const bool is_special = std::filesystem::exists(to, ignored) && !std::filesystem::is_regular_file(to, ignored);
  const std::string written = is_special ? to : to + ".partial";
  std::ofstream file(written, std::ios::binary | std::ios::trunc);
  if (!file) return base::fail(base::error_from_errno(errno, "open " + written));
  auto counts = write_lines(url, line, file);
  file.close();
  if (is_special) return counts;
  const auto kept = counts ? storage::keep_file(written, to) : base::Status();
  if (!kept) counts = base::fail(kept.error());
  if (!counts) std::filesystem::remove(written, ignored);
  return counts;
}

// Calls `put` with each record.
base::Result<Counts> read_lines(std::istream& in,
                                const std::function<base::Status(const storage::ArchiveRecord& record)>& put) {
  storage::ArchiveLines lines;
  Counts counts;
  std::string text;
  std::size_t number = 0;
  const auto at_line = [&](const base::Error& error) { return error.within("line " + std::to_string(number)); };
  while (std::getline(in, text)) {
    ++number;
    if (text.empty()) continue;
    if (text.size() > kLongestLine) return base::fail(at_line({base::Code::too_large, "the line is too long"}));
    auto record = lines.read(text);
    if (!record) return base::fail(at_line(record.error()));
    if (auto done = put(*record); !done) return base::fail(at_line(done.error()));
    counts.add(*record);
  }
  if (in.bad()) return base::fail(base::Code::unavailable, "the file cannot be read to its end");
  if (auto whole = lines.end(); !whole) return base::fail(at_line(whole.error()));
  return counts;
}

base::Result<Counts> import_lines(const Config& config, std::istream& in) {
  std::unique_ptr<storage::Archive> archive;
  // The database is created if it does not exist, so not before the first good line.
  const auto open = [&config, &archive]() -> base::Status {
    const auto url = ready_database(config);
    if (!url) return base::fail(url.error());
    auto opened = storage::open_archive(*url);
    if (!opened) return base::fail(opened.error());
    archive = *std::move(opened);
    return {};
  };
  base::Status opened;
  auto counts = read_lines(in, [&](const storage::ArchiveRecord& record) -> base::Status {
    if (!archive) opened = open();
    if (!opened) return opened;
    return std::visit([&archive](const auto& one) { return archive->put(one); }, record);
  });
  if (!opened) return base::fail(opened.error());  // not the line's fault
  if (!counts) return counts;
  if (!archive) opened = open();
  if (!opened) return base::fail(opened.error());
  if (auto finished = archive->finish(); !finished) return base::fail(finished.error());
  return counts;
}

// Reads the whole file before the database is opened. What can be read only once (a pipe) is not checked.
base::Status check_lines(std::ifstream& file, const std::string& path) {
  std::error_code ignored;
  if (std::filesystem::is_directory(path, ignored)) {
    return base::fail(base::Code::invalid_argument, path + " is a folder; name a file that export wrote");
  }
  if (!std::filesystem::is_regular_file(path, ignored)) return {};
  const auto counts = read_lines(file, [](const auto& /*record*/) { return base::Status(); });
  if (!counts) return base::fail(counts.error());
  file.clear();
  file.seekg(0);
  return {};
}

// `what` and `where`: "Exported" … "from". The database is named, since without a configuration it is the default one.
int say(const char* what, const Counts& counts, const char* where, const std::string& url) {
  // Not on standard output, where an export may go.
  std::fprintf(stderr, "%s %zu conversations with %zu messages %s %s\n", what, counts.conversations, counts.messages,
               where, storage::redacted_url(url).c_str());
  return kExitFine;
}

bool is_standard(const CommandLine& line) { return line.paths.empty() || line.paths.front() == "-"; }

}  // namespace

int migrate_database(const Config& config) {
  Config migrating = config;
  migrating.database.migrate = true;
  const auto url = ready_database(migrating);
  if (!url) return failed("migrate", url.error());
  std::printf("The database %s is up to date.\n", storage::redacted_url(*url).c_str());
  return kExitFine;
}

int export_conversations(const Config& config, const CommandLine& line) {
  const auto named = database_url(config);
  if (!named) return failed("export", named.error());
  // A wrong path would else be an empty database and a good export of nothing.
  if (auto there = storage::check_there(*named); !there) return failed("export", there.error());
  if (!is_standard(line)) {
    if (auto free = check_free(line); !free) return failed("export", free.error());
  }
  const auto url = ready_database(config);
  if (!url) return failed("export", url.error());
  ::umask(S_IRWXG | S_IRWXO);  // what people said is for nobody else to read
  std::ios::sync_with_stdio(false);
  const auto counts = is_standard(line) ? write_lines(*url, line, std::cout) : write_file(*url, line);
  return counts ? say("Exported", *counts, "from", *url) : failed("export", counts.error());
}

int import_conversations(const Config& config, const CommandLine& line) {
  const auto url = database_url(config);
  if (!url) return failed("import", url.error());
  std::ifstream file;
  if (!is_standard(line)) file.open(line.paths.front(), std::ios::binary);
  if (!is_standard(line) && !file) return failed("import", base::error_from_errno(errno, "open " + line.paths.front()));
  std::ios::sync_with_stdio(false);
  const auto checked = is_standard(line) ? base::Status() : check_lines(file, line.paths.front());
  const auto counts = checked ? import_lines(config, is_standard(line) ? std::cin : file)
                              : base::Result<Counts>(base::fail(checked.error()));
  if (counts) return say("Imported", *counts, "into", *url);
  std::fprintf(stderr, "chatcore import: %s\nNothing was imported.\n", counts.error().message.c_str());
  return kExitFailed;
}

int backup_database(const Config& config, const CommandLine& line) {
  const auto url = database_url(config);
  if (!url) return failed("backup", url.error());
  if (auto done = storage::backup_sqlite(*url, line.paths.front()); !done) return failed("backup", done.error());
  std::printf("The database %s was copied to %s.\n", storage::redacted_url(*url).c_str(), line.paths.front().c_str());
  return kExitFine;
}

}  // namespace chatcore::command
