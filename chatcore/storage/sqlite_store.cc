#include "chatcore/storage/sqlite_store.h"

#include <system_error>
#include <utility>

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include "chatcore/storage/sqlite_read_session.h"
#include "chatcore/storage/sqlite_write_session.h"

namespace chatcore::storage {
namespace {

base::Status create_folder(const std::filesystem::path& folder) {
  std::error_code error;
  if (!folder.empty()) std::filesystem::create_directories(folder, error);
  if (!error) return {};
  const bool forbidden = error == std::errc::permission_denied || error == std::errc::read_only_file_system;
  return base::fail(forbidden ? base::Code::permission_denied : base::Code::unavailable,
                    "create folder " + folder.string() + ": " + error.message() +
                        "; create it and give this user write access, or choose another place (database.url)");
}

// What people say to the assistant is theirs: the file is readable by its owner only, and SQLite gives its log the
// same mode. A file that is there is not opened: closing it would drop the locks that another store of this process
// holds on it. One that cannot be made is reported when SQLite opens it.
void create_private_file(const std::filesystem::path& path) {
  const int file = ::open(path.c_str(), O_RDWR | O_CREAT | O_EXCL | O_CLOEXEC, S_IRUSR | S_IWUSR);
  if (file >= 0) ::close(file);
}

}  // namespace

base::Result<std::unique_ptr<Store>> SqliteStore::open(SqliteOptions options, const base::Clock& clock) {
  const std::string path = options.path.string();
  std::unique_ptr<SqliteStore> store(new SqliteStore(std::move(options), clock));
  if (auto opened = store->open_sessions(clock); !opened) {
    return tl::unexpected(opened.error().within("open database " + path));
  }
  return std::unique_ptr<Store>(std::move(store));
}

SqliteStore::SqliteStore(SqliteOptions options, const base::Clock& clock)
    : PooledStore(options.queue_reads, clock), options_(std::move(options)) {}

base::Status SqliteStore::open_sessions(const base::Clock& clock) {
  if (auto folder = create_folder(options_.path.parent_path()); !folder) return folder;
  create_private_file(options_.path);
  auto writer = SqliteWriteSession::open(options_.path.string(), options_.may_migrate, clock, counters());
  if (!writer) return tl::unexpected(std::move(writer).error());
  cached_file_ = ::open(options_.path.c_str(), O_RDONLY | O_CLOEXEC);
  std::vector<std::unique_ptr<ReadSession>> readers;
  for (std::size_t i = 0; i < options_.readers; ++i) {
    auto reader = SqliteReadSession::open(options_.path.string(), counters());
    if (!reader) return tl::unexpected(std::move(reader).error());
    readers.push_back(*std::move(reader));
  }
  start(*std::move(writer), std::move(readers), options_.writes);
  return {};
}

SqliteStore::~SqliteStore() { SqliteStore::close(); }

void SqliteStore::close() {
  PooledStore::close();
  if (cached_file_ >= 0) ::close(std::exchange(cached_file_, -1));
  std::error_code ignored;
  if (!options_.remove_on_close.empty()) std::filesystem::remove_all(options_.remove_on_close, ignored);
}

void SqliteStore::drop_page_cache() {
  // On a reader's thread: a large cache takes the kernel milliseconds.
  submit([this](ReadSession* reader, base::Code) {
    if (reader != nullptr && cached_file_ >= 0) ::posix_fadvise(cached_file_, 0, 0, POSIX_FADV_DONTNEED);
  });
}

}  // namespace chatcore::storage
