#include "chatcore/retrieval/mapped_file.h"

#include <array>
#include <atomic>
#include <cerrno>
#include <csignal>
#include <mutex>

#include <fcntl.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

namespace chatcore::retrieval {
namespace {

// What is mapped, for the signal handler, which may take no lock. More mappings than places go unguarded.
struct Guarded {
  std::atomic<std::uintptr_t> begin{0};  // 0: free
  std::atomic<std::size_t> size{0};
};
constexpr std::size_t kPlaces = 64;
std::array<Guarded, kPlaces> guarded;
struct sigaction previous_action;

bool is_guarded(std::uintptr_t address) {
  for (const Guarded& place : guarded) {
    const std::uintptr_t begin = place.begin.load(std::memory_order_acquire);
    if (begin != 0 && address >= begin && address - begin < place.size.load(std::memory_order_acquire)) return true;
  }
  return false;
}

// A page of ours that the file no longer has becomes one of zeros. mmap is no function that POSIX allows here, but on
// Linux it is a bare system call. Any other bus error happens again, without us.
void give_zeros(int, siginfo_t* info, void*) {
  const int saved_errno = errno;
  const auto address = reinterpret_cast<std::uintptr_t>(info->si_addr);
  const auto page = static_cast<std::uintptr_t>(sysconf(_SC_PAGESIZE));
  void* const begin = reinterpret_cast<void*>(address / page * page);
  const bool mended =
      is_guarded(address) && mmap(begin, page, PROT_READ, MAP_PRIVATE | MAP_ANONYMOUS | MAP_FIXED, -1, 0) != MAP_FAILED;
  if (!mended) sigaction(SIGBUS, &previous_action, nullptr);
  errno = saved_errno;
}

void guard_mappings() {
  static std::once_flag once;
  std::call_once(once, [] {
    struct sigaction action {};
    action.sa_sigaction = give_zeros;
    action.sa_flags = SA_SIGINFO | SA_RESTART | SA_ONSTACK;
    sigemptyset(&action.sa_mask);
    sigaction(SIGBUS, &action, &previous_action);
  });
}

std::size_t guard(std::uintptr_t begin, std::size_t size) {
  for (std::size_t slot = 0; slot < kPlaces; ++slot) {
    std::uintptr_t free = 0;
    if (!guarded[slot].begin.compare_exchange_strong(free, begin)) continue;
    guarded[slot].size.store(size, std::memory_order_release);
    return slot;
  }
  return kPlaces;
}

void forget(std::size_t slot) {
  if (slot == kPlaces) return;
  guarded[slot].size.store(0, std::memory_order_release);
  guarded[slot].begin.store(0, std::memory_order_release);
}

FileIdentity identity_of(const struct stat& status) {
  return {.device = status.st_dev,
          .inode = status.st_ino,
          .size = static_cast<std::uint64_t>(status.st_size),
          .modified_ns = std::int64_t{status.st_mtim.tv_sec} * 1'000'000'000 + status.st_mtim.tv_nsec};
}

struct OpenFile {
  int fd;
  ~OpenFile() {
    if (fd >= 0) ::close(fd);
  }
};

}  // namespace

base::Result<FileIdentity> identify(const std::string& path) {
  struct stat status {};
  if (stat(path.c_str(), &status) != 0) return base::fail(base::error_from_errno(errno, "stat " + path));
  return identity_of(status);
}

base::Result<std::shared_ptr<const MappedFile>> MappedFile::open(const std::string& path) {
  const OpenFile file{::open(path.c_str(), O_RDONLY | O_CLOEXEC | O_NONBLOCK)};  // a pipe must not hold us up
  struct stat status {};
  if (file.fd < 0 || fstat(file.fd, &status) != 0) return base::fail(base::error_from_errno(errno, "open " + path));
  if (!S_ISREG(status.st_mode)) return base::fail(base::Code::corrupt, path + " is not a regular file");
  const auto size = static_cast<std::size_t>(status.st_size);
  void* data = nullptr;
  if (size != 0) {
    data = mmap(nullptr, size, PROT_READ, MAP_SHARED, file.fd, 0);
    if (data == MAP_FAILED) return base::fail(base::error_from_errno(errno, "map " + path));
  }
  guard_mappings();
  return std::shared_ptr<const MappedFile>(
      new MappedFile(static_cast<const std::byte*>(data), size, identity_of(status)));
}

MappedFile::MappedFile(const std::byte* data, std::size_t size, FileIdentity identity)
    : data_(data), size_(size), identity_(identity), slot_(kPlaces) {
  if (data_ != nullptr) slot_ = guard(reinterpret_cast<std::uintptr_t>(data_), size_);
}

void MappedFile::release_pages() const {
  if (data_ != nullptr) madvise(const_cast<std::byte*>(data_), size_, MADV_DONTNEED);
}

MappedFile::~MappedFile() {
  forget(slot_);
  if (data_ != nullptr) munmap(const_cast<std::byte*>(data_), size_);
}

}  // namespace chatcore::retrieval
