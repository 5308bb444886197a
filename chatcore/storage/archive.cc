#include "chatcore/storage/archive.h"

#include <cerrno>
#include <filesystem>
#include <string_view>

#include <fcntl.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#include "chatcore/storage/database_url.h"
#include "chatcore/storage/sqlite_connection.h"

namespace chatcore::storage {
namespace {

constexpr std::size_t kSchemeSize = std::string_view("sqlite://").size();

// On disk with its name: a copy that a power cut takes away again is none.
base::Status sync(const std::filesystem::path& path, int flags) {
  const int file = ::open(path.c_str(), flags | O_CLOEXEC);
  const bool done = file >= 0 && ::fsync(file) == 0;
  const int error = errno;
  if (file >= 0) ::close(file);
  if (!done) return base::fail(base::error_from_errno(error, "sync " + path.string()));
  return {};
}

bool is_named(int file, const std::string& path) {
  struct stat held {};
  struct stat named {};
  return ::fstat(file, &held) == 0 && ::stat(path.c_str(), &named) == 0 && held.st_ino == named.st_ino &&
         held.st_dev == named.st_dev;
}

// The file that a copy is written to: empty, readable by its owner only as the database is, and locked until the
// descriptor is closed. What a copy that was killed has left is taken over, but not what another is at; and not a
// finished one, which was given its name between the opening and the lock.
base::Result<int> open_partial(const std::string& partial) {
  const int file = ::open(partial.c_str(), O_RDWR | O_CREAT | O_CLOEXEC, S_IRUSR | S_IWUSR);
  if (file < 0) return base::fail(base::error_from_errno(errno, "create " + partial));
  const bool is_locked = ::flock(file, LOCK_EX | LOCK_NB) == 0;
  const bool is_anothers = is_locked ? !is_named(file, partial) : errno == EWOULDBLOCK;
  if (is_locked && !is_anothers && ::ftruncate(file, 0) == 0) return file;
  const int error = errno;
  ::close(file);
  if (!is_anothers) return base::fail(base::error_from_errno(error, "begin " + partial));
  return base::fail(base::Code::conflict, partial + " is being written by another backup; wait for its end");
}

// SQLite takes an empty file as one that does not exist.
base::Status copy_into(const std::string& path, const std::string& partial) {
  auto connection = SqliteConnection::open(path, Access::read_write);
  if (!connection) return base::fail(connection.error());
  auto statement = connection->prepare("VACUUM INTO ?1");
  if (!statement) return base::fail(statement.error());
  return statement->bind(1, partial).run();
}

}  // namespace

base::Result<std::unique_ptr<Archive>> open_archive(const std::string& database_url) {
  switch (kind_of_database(database_url)) {
    case DatabaseKind::sqlite: return open_sqlite_archive(database_url.substr(kSchemeSize));
    case DatabaseKind::postgresql: return open_postgres_archive(database_url);
    default: return base::fail(base::Code::invalid_argument, "the database URL begins with no known scheme");
  }
}

base::Status check_there(const std::string& database_url) {
  if (kind_of_database(database_url) != DatabaseKind::sqlite) return {};
  const std::string path = database_url.substr(kSchemeSize);
  std::error_code error;
  if (std::filesystem::exists(path, error)) return {};
  return base::fail(base::Code::not_found, "there is no database " + path);
}

base::Status keep_file(const std::string& partial, const std::string& to) {
  if (auto synced = sync(partial, O_RDONLY); !synced) return synced;
  if (::rename(partial.c_str(), to.c_str()) != 0) return base::fail(base::error_from_errno(errno, "name " + to));
  const auto folder = std::filesystem::path(to).parent_path();
  return sync(folder.empty() ? "." : folder, O_RDONLY | O_DIRECTORY);
}

base::Status backup_sqlite(const std::string& database_url, const std::string& to) {
  if (kind_of_database(database_url) != DatabaseKind::sqlite) {
    return base::fail(base::Code::invalid_argument,
                      "only a SQLite database is copied this way; for PostgreSQL use "
                      "pg_dump --schema=chatcore, or chatcore export");
  }
  const std::string path = database_url.substr(kSchemeSize);
  std::error_code error;
  if (auto there = check_there(database_url); !there) return there;
  if (std::filesystem::exists(to, error)) {
    return base::fail(base::Code::invalid_argument, to + " exists already; a copy never replaces another");
  }
  const std::string partial = to + ".partial";
  const auto file = open_partial(partial);
  if (!file) return base::fail(file.error());
  auto done = copy_into(path, partial);
  if (done) done = keep_file(partial, to);
  if (!done) std::filesystem::remove(partial, error);
  ::close(*file);
  return done;
}

}  // namespace chatcore::storage
