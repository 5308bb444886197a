#include "agent/supervisor/holder.h"

#include <cerrno>
#include <csignal>
#include <cstddef>
#include <cstdlib>
#include <cstring>
#include <filesystem>

#include <fcntl.h>
#include <spawn.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

#include "agent/supervisor/holder_process.h"
#include "base/log.h"
#include "guard/history/state_file.h"
#include "guard/source/fs.h"
#include "guard/source/process/parser.h"

namespace agent {
namespace {

namespace fs = std::filesystem;

constexpr std::string_view kSuffix = ".sock";
constexpr std::size_t kMostCommandLine = 64u << 10;  // of a process that may be a holder
constexpr std::size_t kMostNames = 1000;             // as many as there may be workloads

class Descriptor {
 public:
  explicit Descriptor(int fd) : fd_(fd) {}
  ~Descriptor() {
    if (fd_ >= 0) ::close(fd_);
  }
  Descriptor(Descriptor&& other) noexcept : fd_(other.release()) {}
  Descriptor& operator=(Descriptor&&) = delete;
  [[nodiscard]] int get() const { return fd_; }
  [[nodiscard]] bool is_open() const { return fd_ >= 0; }
  int release() { return std::exchange(fd_, -1); }

 private:
  int fd_;
};

struct Address {
  sockaddr_un socket = {};
  socklen_t size = 0;
  [[nodiscard]] const sockaddr* get() const { return reinterpret_cast<const sockaddr*>(&socket); }
};

Address address_at(const std::string& path) {
  Address address;
  address.socket.sun_family = AF_UNIX;
  const bool is_abstract = path.starts_with('@');
  const std::size_t length = std::min(path.size(), sizeof(address.socket.sun_path) - 1);
  std::memcpy(address.socket.sun_path, path.data(), length);
  if (is_abstract) address.socket.sun_path[0] = '\0';
  address.size = static_cast<socklen_t>(offsetof(sockaddr_un, sun_path) + length +
                                        (is_abstract ? std::size_t{0} : std::size_t{1}));
  return address;
}

// By way of the folder's descriptor: a socket's path has 107 characters at most, a state folder's any number.
Address address_of(int folder, const std::string& name) {
  if (folder >= 0) return address_at("/proc/self/fd/" + std::to_string(folder) + "/" + name + std::string(kSuffix));
  return address_at("@leakguard/" + std::to_string(::geteuid()) + "/" + name);
}

// Of the second socket: one for each folder and name, both of any length.
Address spare_address_of(const std::string& folder, const std::string& name) {
  std::uint64_t hash = 14695981039346656037ULL;  // FNV-1a: the same in every build
  for (const char c : folder + '/' + name) hash = (hash ^ static_cast<unsigned char>(c)) * 1099511628211ULL;
  return address_at("@leakguard/" + std::to_string(::geteuid()) + "/spare/" + std::to_string(hash) + "/" +
                    name.substr(0, 40));
}

Descriptor open_folder(const std::string& folder) {
  return Descriptor(folder.empty() ? -1 : ::open(folder.c_str(), O_PATH | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC));
}

void remove_socket(int folder, const std::string& name) {
  if (folder >= 0) ::unlinkat(folder, (name + std::string(kSuffix)).c_str(), 0);
}

int make_socket() { return ::socket(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC | SOCK_NONBLOCK, 0); }

bool is_ours(int socket) {
  ucred peer = {};
  socklen_t size = sizeof(peer);
  return ::getsockopt(socket, SOL_SOCKET, SO_PEERCRED, &peer, &size) == 0 && (peer.uid == 0 || peer.uid == ::geteuid());
}

// Anybody can take an abstract address first: then there is no second socket. -1 for that.
Descriptor listen_at_spare(const std::string& folder, const std::string& name) {
  if (folder.empty()) return Descriptor(-1);
  const Address address = spare_address_of(folder, name);
  const Descriptor first(make_socket());
  Descriptor listening(::fcntl(first.get(), F_DUPFD_CLOEXEC, kSpareSocket + 1));
  if (::bind(listening.get(), address.get(), address.size) != 0 || ::listen(listening.get(), 1) != 0)
    return Descriptor(-1);
  return listening;
}

// A socket that is connected to the second socket of our own holder, or -1.
Descriptor connect_to_spare(const std::string& folder, const std::string& name) {
  Descriptor socket(folder.empty() ? -1 : make_socket());
  if (!socket.is_open()) return socket;
  const Address address = spare_address_of(folder, name);
  if (::connect(socket.get(), address.get(), address.size) != 0 || !is_ours(socket.get())) return Descriptor(-1);
  return socket;
}

// Nothing of the agent's but the listening sockets: no environment, no terminal, no other descriptor.
base::Result<pid_t> start_process(int listening, int spare, const std::string& name) {
  posix_spawn_file_actions_t actions;
  posix_spawnattr_t attributes;
  ::posix_spawn_file_actions_init(&actions);
  ::posix_spawnattr_init(&attributes);
  ::posix_spawn_file_actions_addopen(&actions, STDIN_FILENO, "/dev/null", O_RDWR, 0);
  ::posix_spawn_file_actions_adddup2(&actions, STDIN_FILENO, STDOUT_FILENO);
  ::posix_spawn_file_actions_adddup2(&actions, STDIN_FILENO, STDERR_FILENO);
  ::posix_spawn_file_actions_adddup2(&actions, listening, kHolderSocket);
  if (spare >= 0) ::posix_spawn_file_actions_adddup2(&actions, spare, kSpareSocket);
  ::posix_spawn_file_actions_addclosefrom_np(&actions, spare >= 0 ? kSpareSocket + 1 : kSpareSocket);
  sigset_t signals;
  ::sigfillset(&signals);
  ::posix_spawnattr_setsigdefault(&attributes, &signals);
  // Until it has its own: a signal to the agent's whole cgroup must not end it on its way.
  ::posix_spawnattr_setsigmask(&attributes, &signals);
  ::posix_spawnattr_setflags(&attributes, POSIX_SPAWN_SETSIGDEF | POSIX_SPAWN_SETSIGMASK | POSIX_SPAWN_SETSID);
  const char* libraries = std::getenv("LD_LIBRARY_PATH");
  std::string kept = libraries == nullptr ? "" : "LD_LIBRARY_PATH=" + std::string(libraries);
  std::string program = "leakguard";
  std::string command = kHoldCommand;
  std::string whose = name;
  char* const argv[] = {program.data(), command.data(), whose.data(), nullptr};
  char* const environment[] = {kept.empty() ? nullptr : kept.data(), nullptr};
  pid_t pid = 0;
  // The agent's own program, also when its file has been replaced meanwhile.
  const int error = ::posix_spawn(&pid, "/proc/self/exe", &actions, &attributes, argv, environment);
  ::posix_spawn_file_actions_destroy(&actions);
  ::posix_spawnattr_destroy(&attributes);
  if (error != 0) return base::fail(base::error_from_errno(error, "start the holder of " + name));
  return pid;
}

}  // namespace

std::int64_t find_holder_process(const std::vector<std::int64_t>& pids, const std::string& name) {
  const std::string wanted = '\0' + std::string(kHoldCommand) + '\0' + name + '\0';
  const auto text_of = [](std::int64_t pid, const char* file) {
    auto text = guard::source::read_whole("/proc/" + std::to_string(pid) + file, kMostCommandLine);
    return text ? std::move(*text) : std::string();
  };
  for (const std::int64_t pid : pids) {
    const auto stat = guard::source::parse_process_stat(text_of(pid, "/stat"));
    if (stat && text_of(stat->parent, "/cmdline").ends_with(wanted)) return stat->parent;
  }
  return 0;
}

base::Status make_holder_folder(const std::string& folder) {
  // The state folder, private to this user. mkdir() reports errors.
  static_cast<void>(guard::history::make_state_folder(fs::path(folder).parent_path()));
  if (::mkdir(folder.c_str(), 0700) != 0 && errno != EEXIST)
    return base::fail(base::error_from_errno(errno, "make " + folder));
  const Descriptor opened(::open(folder.c_str(), O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC));
  struct stat status = {};
  if (!opened.is_open() || ::fstat(opened.get(), &status) != 0)
    return base::fail(base::error_from_errno(errno, "open " + folder));
  if (status.st_uid != ::geteuid())
    return base::fail(base::Code::permission_denied, folder + " belongs to another user; remove it");
  if ((status.st_mode & 077) != 0 && ::fchmod(opened.get(), 0700) != 0)
    return base::fail(base::error_from_errno(errno, "close to others " + folder));
  return {};
}

std::vector<std::string> holder_names(const std::string& folder) {
  std::vector<std::string> names;
  if (folder.empty()) return names;
  std::error_code error;
  for (fs::directory_iterator entry(folder, error), end; !error && entry != end && names.size() < kMostNames;
       entry.increment(error)) {
    const std::string file = entry->path().filename();
    if (file.ends_with(kSuffix)) names.push_back(file.substr(0, file.size() - kSuffix.size()));
  }
  return names;
}

Holder::Holder(base::EventLoop& loop, std::string folder, std::string name, int socket, HolderListener listener)
    : folder_(std::move(folder)), name_(std::move(name)), socket_(socket), listener_(std::move(listener)) {
  watch_ = loop.readable(socket_, [this] { receive(); });
}

Holder::~Holder() {
  watch_.cancel();
  ::close(socket_);
}

base::Result<std::unique_ptr<Holder>> Holder::find(base::EventLoop& loop, const std::string& folder,
                                                   const std::string& name, HolderListener listener) {
  const Descriptor opened = open_folder(folder);
  const auto find_spare = [&]() -> std::unique_ptr<Holder> {
    Descriptor socket = connect_to_spare(folder, name);
    if (!socket.is_open()) return nullptr;
    base::log_warning("the socket of its holder was removed; the holder was found in another way",
                      {{"workload", name}, {"folder", folder}});
    return std::unique_ptr<Holder>(new Holder(loop, folder, name, socket.release(), std::move(listener)));
  };
  if (!folder.empty() && !opened.is_open()) return find_spare();
  const Address address = address_of(opened.get(), name);
  Descriptor socket(make_socket());
  if (!socket.is_open()) return base::fail(base::error_from_errno(errno, "make a socket"));
  if (::connect(socket.get(), address.get(), address.size) != 0) {
    const int why = errno;
    if (why == ECONNREFUSED) remove_socket(opened.get(), name);
    if (why == ENOENT || why == ECONNREFUSED) return find_spare();
    errno = why;
    if (errno == EAGAIN)
      return base::fail(base::Code::conflict, "another agent supervises a command called " + name + " already");
    return base::fail(base::error_from_errno(errno, "ask the holder of " + name));
  }
  if (!is_ours(socket.get()))
    return base::fail(base::Code::permission_denied, "the holder of " + name + " belongs to another user");
  return std::unique_ptr<Holder>(new Holder(loop, folder, name, socket.release(), std::move(listener)));
}

base::Result<std::unique_ptr<Holder>> Holder::create(base::EventLoop& loop, const std::string& folder,
                                                     const std::string& name, HolderListener listener) {
  if (!folder.empty()) {
    if (auto made = make_holder_folder(folder); !made) return base::fail(made.error());
  }
  const Descriptor opened = open_folder(folder);
  const Address address = address_of(opened.get(), name);
  // Of a holder that is gone: nobody answers there.
  remove_socket(opened.get(), name);
  // Above the numbers that they are to have over there.
  const Descriptor first(make_socket());
  const Descriptor listening(::fcntl(first.get(), F_DUPFD_CLOEXEC, kSpareSocket + 1));
  const Descriptor spare = listen_at_spare(folder, name);
  Descriptor socket(make_socket());
  if (!listening.is_open() || !socket.is_open() || ::bind(listening.get(), address.get(), address.size) != 0 ||
      ::listen(listening.get(), 1) != 0 || ::connect(socket.get(), address.get(), address.size) != 0) {
    return base::fail(base::error_from_errno(errno, "make the socket of the holder of " + name));
  }
  const auto started = start_process(listening.get(), spare.get(), name);
  if (!started) return base::fail(started.error());
  std::unique_ptr<Holder> holder(new Holder(loop, folder, name, socket.release(), std::move(listener)));
  holder->pid_ = *started;
  return holder;
}

void Holder::receive() {
  Received received = receive_message(socket_);
  switch (received.kind) {
    case Received::Kind::nothing_yet: return;
    case Received::Kind::message: return listener_.on_state(received.message, received.fd);
    case Received::Kind::closed: break;
  }
  watch_.cancel();
  const auto on_lost = listener_.on_lost;  // outlives this
  on_lost();
}

base::Status Holder::launch(const SpawnRequest& request, const std::string& note) {
  const auto written = write_request(request);
  if (!written) return base::fail(written.error());
  HolderMessage message;
  message.kind = HolderMessage::launch;
  message.set_note(note);
  const bool sent = send_message(socket_, message, *written);
  ::close(*written);
  if (!sent) return base::fail(base::Code::unavailable, "the holder of " + name_ + " does not answer");
  return {};
}

void Holder::note(const std::string& text) const {
  HolderMessage message;
  message.kind = HolderMessage::note;
  message.set_note(text);
  (void)send_message(socket_, message);
}

void Holder::signal(int number) const {
  HolderMessage message;
  message.kind = HolderMessage::signal;
  message.number = number;
  (void)send_message(socket_, message);
}

void Holder::quit() {
  watch_.cancel();
  remove_socket(open_folder(folder_).get(), name_);
  HolderMessage message;
  message.kind = HolderMessage::quit;
  (void)send_message(socket_, message);
}

}  // namespace agent
