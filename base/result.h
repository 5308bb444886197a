#pragma once
// Expected failures are values. A function that may fail returns Result<T>; what went wrong travels as an
// Error that says what kind it is (for the caller's branches) and in words what was tried and why it failed
// (for the operator). errno, curl, JSON, YAML and database errors become an Error once, at the edge where
// they arise; no exception crosses a folder.

#include <chrono>
#include <memory>
#include <string>
#include <string_view>
#include <utility>

#include <tl/expected.hpp>

namespace base {

enum class Code {
  invalid_argument,   // the caller's input is wrong; trying again does not help
  not_found,          // the thing asked for does not exist (any more)
  permission_denied,  // it exists, and we may not
  unavailable,        // the other side is down or refuses; may come back
  deadline_exceeded,  // no answer in the time given
  cancelled,          // we gave up on purpose
  too_large,          // over a stated bound
  conflict,           // someone else changed it first
  corrupt,            // read, but not in the form that was promised
  exhausted,          // memory, disk, queue or rate is used up
  internal,           // a bug or an error nobody expected
};

// The code's name as it stands above, for logs.
std::string_view name_of(Code code);

// What a program on the other side of the network said of a failure. `code`, `type` and `param` are its own names for
// it, for programs to read: identifiers ([A-Za-z0-9_.-]{1,64}) or empty, never free text, which may quote a secret.
struct Remote {
  std::string side;  // how messages call it: "the language model"
  std::string code = {};
  std::string type = {};
  std::string param = {};
  bool saw_request = false;  // it failed at this very request, and may at the next one that contains it
};

struct Error {
  Code code = Code::internal;
  std::string message;  // a sentence without a full stop, outermost context first: "read memory.max: No such file"
  std::chrono::seconds retry_after{0};  // the other side said when it may be back; 0: it did not

  bool is_permanent = false;  // the other side understood and said no: the same question again gets the same answer

  std::shared_ptr<const Remote> remote = {};  // null: the failure is of this program, or nobody said who failed

  // The same failure seen from one step further out: "context: message".
  [[nodiscard]] Error within(std::string_view context) const;
};

template <class T>
class [[nodiscard]] Result : public tl::expected<T, Error> {
 public:
  using tl::expected<T, Error>::expected;
};

using Status = Result<void>;

// return base::fail(Code::not_found, "no such container: " + name);
[[nodiscard]] tl::unexpected<Error> fail(Code code, std::string message);
[[nodiscard]] tl::unexpected<Error> fail(Error error);

// Translates errno. ENOENT, ENODEV and ESRCH are not_found, EACCES, EROFS and EPERM permission_denied, ENOSPC,
// ENOMEM, EMFILE and EDQUOT exhausted, ETIMEDOUT deadline_exceeded, EINVAL invalid_argument, EAGAIN, EBUSY,
// ECONNREFUSED and ECONNRESET unavailable, all others internal.
[[nodiscard]] Error error_from_errno(int error_number, std::string_view context);

}  // namespace base
