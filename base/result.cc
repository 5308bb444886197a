#include "base/result.h"

#include <cerrno>
#include <system_error>

namespace base {

std::string_view name_of(Code code) {
  switch (code) {
    case Code::invalid_argument: return "invalid_argument";
    case Code::not_found: return "not_found";
    case Code::permission_denied: return "permission_denied";
    case Code::unavailable: return "unavailable";
    case Code::deadline_exceeded: return "deadline_exceeded";
    case Code::cancelled: return "cancelled";
    case Code::too_large: return "too_large";
    case Code::conflict: return "conflict";
    case Code::corrupt: return "corrupt";
    case Code::exhausted: return "exhausted";
    case Code::internal: return "internal";
  }
  return "internal";
}

Error Error::within(std::string_view context) const {
  return Error{code, std::string(context) + ": " + message, retry_after, is_permanent, remote};
}

tl::unexpected<Error> fail(Code code, std::string message) {
  return tl::unexpected<Error>(Error{code, std::move(message)});
}

tl::unexpected<Error> fail(Error error) { return tl::unexpected<Error>(std::move(error)); }

namespace {

Code code_from_errno(int error_number) {
  switch (error_number) {
    case ENOENT:
    case ENODEV:
    case ESRCH: return Code::not_found;
    case EACCES:
    case EROFS:
    case EPERM: return Code::permission_denied;
    case ENOSPC:
    case ENOMEM:
    case EMFILE:
    case EDQUOT: return Code::exhausted;
    case ETIMEDOUT: return Code::deadline_exceeded;
    case EINVAL: return Code::invalid_argument;
    case EAGAIN:
    case EBUSY:
    case ECONNREFUSED:
    case ECONNRESET: return Code::unavailable;
    default: return Code::internal;
  }
}

}  // namespace

Error error_from_errno(int error_number, std::string_view context) {
  return Error{code_from_errno(error_number),
               std::string(context) + ": " + std::generic_category().message(error_number)};
}

}  // namespace base
