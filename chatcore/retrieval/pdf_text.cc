#include "chatcore/retrieval/pdf_text.h"

#include <algorithm>
#include <array>
#include <cerrno>
#include <chrono>
#include <csignal>
#include <utility>

#include <fcntl.h>
#include <poll.h>
#include <spawn.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/units.h"

extern char** environ;  // NOLINT: POSIX has it so

namespace chatcore::retrieval {
namespace {

using base::Code;
using std::chrono::steady_clock;

constexpr std::chrono::minutes kPatience{2};

// One run of a program whose output is read; ends with this.
class Run {
 public:
  Run() = default;
  ~Run() {
    if (output_ >= 0) ::close(output_);
    if (pid_ > 0) {
      ::kill(pid_, SIGKILL);
      (void)wait();
    }
  }
  Run(const Run&) = delete;
  Run& operator=(const Run&) = delete;

  // 0, or an errno.
  int start(const char* program, const std::string& file) {
    std::array<int, 2> ends{};
    if (::pipe2(ends.data(), O_CLOEXEC) != 0) return errno;
    output_ = ends[0];
    std::string name = program;
    std::string path = file;
    std::string quiet = "-q";
    std::string encoding = "-enc";
    std::string utf8 = "UTF-8";
    std::string standard_output = "-";
    std::array<char*, 7> arguments = {name.data(), quiet.data(),           encoding.data(), utf8.data(),
                                      path.data(), standard_output.data(), nullptr};
    posix_spawn_file_actions_t actions;
    ::posix_spawn_file_actions_init(&actions);
    ::posix_spawn_file_actions_addopen(&actions, STDIN_FILENO, "/dev/null", O_RDONLY, 0);
    ::posix_spawn_file_actions_adddup2(&actions, ends[1], STDOUT_FILENO);
    ::posix_spawn_file_actions_addopen(&actions, STDERR_FILENO, "/dev/null", O_WRONLY, 0);
    const int error = ::posix_spawnp(&pid_, program, &actions, nullptr, arguments.data(), environ);
    ::posix_spawn_file_actions_destroy(&actions);
    ::close(ends[1]);
    if (error != 0) pid_ = 0;
    return error;
  }

  base::Result<std::string> read_all(std::size_t max_bytes) const {
    const auto end = steady_clock::now() + kPatience;
    std::string text;
    std::array<char, 64u << 10> piece;
    while (true) {
      const auto left = std::chrono::ceil<std::chrono::milliseconds>(end - steady_clock::now());
      pollfd ready = {output_, POLLIN, 0};
      if (left.count() <= 0 || ::poll(&ready, 1, static_cast<int>(left.count())) == 0)
        return base::fail(Code::deadline_exceeded, "pdftotext did not end within two minutes");
      const ssize_t size = ::read(output_, piece.data(), piece.size());
      if (size < 0 && errno == EINTR) continue;
      if (size <= 0) return text;
      text.append(piece.data(), static_cast<std::size_t>(size));
      if (text.size() > max_bytes)
        return base::fail(
            Code::too_large,
            "more text than " + base::format_bytes({static_cast<std::int64_t>(max_bytes)}) + "; split it");
    }
  }

  int wait() {
    int status = 0;
    while (::waitpid(pid_, &status, 0) < 0 && errno == EINTR) {
    }
    pid_ = 0;
    return status;
  }

 private:
  pid_t pid_ = 0;
  int output_ = -1;
};

}  // namespace

base::Result<std::string> text_of_pdf(const std::filesystem::path& path, std::size_t max_bytes, const char* program) {
  Run run;
  // An absolute path is no option, whatever it begins with.
  if (const int error = run.start(program, std::filesystem::absolute(path).string()); error != 0) {
    if (error == ENOENT)
      return base::fail(Code::not_found, "a PDF, which needs pdftotext: apt install poppler-utils, and ingest again");
    return base::fail(base::error_from_errno(error, "start pdftotext"));
  }
  auto text = run.read_all(max_bytes);
  if (!text) return text;
  const int status = run.wait();
  if (!WIFEXITED(status) || WEXITSTATUS(status) != 0)
    return base::fail(Code::invalid_argument, "not a PDF that pdftotext can read (damaged, or with a password)");
  const bool has_text = std::ranges::any_of(*text, [](unsigned char c) { return c > ' '; });
  if (!has_text) return base::fail(Code::invalid_argument, "a PDF without text: scanned pages need OCR first");
  return text;
}

}  // namespace chatcore::retrieval
