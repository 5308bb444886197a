#include "chatcore/storage/sqlite_store.h"

#include <system_error>
#include <utility>

#include <fcntl.h>
#include <pthread.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/log.h"

namespace chatcore::storage {
namespace {

base::Status create_folder(const std::filesystem::path& folder) {
  std::error_code error;
  if (!folder.empty()) std::filesystem::create_directories(folder, error);
  if (!error) return {};
  const bool forbidden = error == std::errc::permission_denied || error == std::errc::read_only_file_system;
  return base::fail(forbidden ? base::Code::permission_denied : base::Code::unavailable,
                    "create folder " + folder.string() + ": " + error.message());
}

// What people say to the assistant is theirs: the file is readable by its owner only, and SQLite gives its log the
// same mode. A file that is there is not opened: closing it would drop the locks that another store of this process
// holds on it. One that cannot be made is reported when SQLite opens it.
void create_private_file(const std::filesystem::path& path) {
  const int file = ::open(path.c_str(), O_RDWR | O_CREAT | O_EXCL | O_CLOEXEC, S_IRUSR | S_IWUSR);
  if (file >= 0) ::close(file);
}

base::Error refusal(base::Code code) {
  return {code, code == base::Code::exhausted ? "too many reads wait for the database" : "the database is closed"};
}

}  // namespace

base::Result<std::unique_ptr<Store>> SqliteStore::open(SqliteOptions options, const base::Clock& clock) {
  const auto in_context = [path = options.path.string()](const base::Error& error) {
    return tl::unexpected(error.within("open database " + path));
  };
  if (auto folder = create_folder(options.path.parent_path()); !folder) return in_context(folder.error());
  create_private_file(options.path);
  std::unique_ptr<SqliteStore> store(new SqliteStore(std::move(options)));
  auto writer = SqliteWriter::open(store->options_.path.string(), store->options_.writes, clock, store->counters_);
  if (!writer) return in_context(writer.error());
  store->writer_ = *std::move(writer);
  store->cached_file_ = ::open(store->options_.path.c_str(), O_RDONLY | O_CLOEXEC);
  for (std::size_t i = 0; i < store->options_.readers; ++i) {
    auto reader = SqliteReader::open(store->options_.path.string());
    if (!reader) return in_context(reader.error());
    store->counters_.connected();
    store->readers_.emplace_back(
        [self = store.get(), own = *std::move(reader)]() mutable { self->serve_reads(std::move(own)); });
  }
  return std::unique_ptr<Store>(std::move(store));
}

SqliteStore::SqliteStore(SqliteOptions options) : options_(std::move(options)), reads_(options_.queue_reads) {}

SqliteStore::~SqliteStore() { SqliteStore::close(); }

void SqliteStore::close() {
  reads_.close();
  for (std::thread& reader : readers_) reader.join();
  readers_.clear();
  // Last, since the last connection to close brings the log into the database file.
  if (writer_) writer_->close();
  if (cached_file_ >= 0) ::close(std::exchange(cached_file_, -1));
  std::error_code ignored;
  if (!options_.remove_on_close.empty()) std::filesystem::remove_all(options_.remove_on_close, ignored);
}

void SqliteStore::append(const ConversationKey& key, Message message, std::int64_t after,
                         std::function<void(base::Result<std::int64_t>)> done) {
  writer_->submit({AppendWrite{key, std::move(message), after}, std::move(done)});
}

void SqliteStore::remove(const ConversationKey& key, std::function<void(base::Result<bool>)> done) {
  writer_->submit({RemoveWrite{key}, [done = std::move(done)](base::Result<std::int64_t> removed) {
                     if (removed) {
                       done(*removed != 0);
                     } else {
                       done(tl::unexpected(std::move(removed).error()));
                     }
                   }});
}

void SqliteStore::load_window(const ConversationKey& key, std::size_t max_messages,
                              std::function<void(base::Result<Window>)> done) {
  ask<Window>([key, max_messages](SqliteReader& reader) { return reader.load_window(key, max_messages); },
              std::move(done));
}

void SqliteStore::list(const std::string& user, std::size_t limit,
                       std::function<void(base::Result<std::vector<ConversationSummary>>)> done) {
  ask<std::vector<ConversationSummary>>([user, limit](SqliteReader& reader) { return reader.list(user, limit); },
                                        std::move(done));
}

template <class Value, class Question>
void SqliteStore::ask(Question question, std::function<void(base::Result<Value>)> done) {
  submit([this, question = std::move(question), done = std::move(done)](SqliteReader* reader, base::Code refused) {
    if (reader == nullptr) return done(tl::unexpected(refusal(refused)));
    base::Result<Value> answer = base::fail(base::Code::internal, "not asked");
    {
      const Busy busy(counters_);
      answer = question(*reader);
    }
    if (!answer) {
      ++counters_.errors_total;
      base::log_error("database read failed", {{"error", answer.error().message}});
    }
    done(std::move(answer));
  });
}

void SqliteStore::drop_page_cache() {
  // On a reader's thread: a large cache takes the kernel milliseconds.
  submit([this](SqliteReader* reader, base::Code) {
    if (reader != nullptr && cached_file_ >= 0) ::posix_fadvise(cached_file_, 0, 0, POSIX_FADV_DONTNEED);
  });
}

void SqliteStore::submit(Read read) {
  const Push pushed = reads_.push(read);
  if (pushed == Push::full) read(nullptr, base::Code::exhausted);
  if (pushed == Push::closed) read(nullptr, base::Code::unavailable);
}

void SqliteStore::serve_reads(SqliteReader reader) {
  pthread_setname_np(pthread_self(), "sqlite-reader");
  while (true) {
    const std::vector<Read> next = reads_.take(1);
    if (next.empty()) break;
    next.front()(&reader, base::Code::internal);
  }
  --counters_.connections_open;
}

StoreStatistics SqliteStore::statistics() const {
  return {.connections_open = counters_.connections_open,
          .connections_busy = counters_.connections_busy,
          .connects_total = counters_.connects_total,
          .errors_total = counters_.errors_total,
          .commits_total = counters_.commits_total,
          .appends_total = counters_.appends_total,
          .writes_waiting = writer_->waiting()};
}

}  // namespace chatcore::storage
