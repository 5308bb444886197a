#include "base/systemd_bus.h"

#include <algorithm>
#include <array>
#include <cerrno>
#include <cstring>
#include <string_view>

#include <fcntl.h>
#include <poll.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include <systemd/sd-bus.h>

namespace base {
namespace {

using std::chrono::microseconds;
using std::chrono::milliseconds;

constexpr const char* kName = "org.freedesktop.systemd1";
constexpr const char* kManagerPath = "/org/freedesktop/systemd1";
constexpr const char* kManager = "org.freedesktop.systemd1.Manager";
constexpr std::size_t kMostChanges = 1024;

struct BusError {
  sd_bus_error error = SD_BUS_ERROR_NULL;
  BusError() = default;
  BusError(const BusError&) = delete;
  BusError& operator=(const BusError&) = delete;
  ~BusError() { ::sd_bus_error_free(&error); }
};

using Message = std::unique_ptr<sd_bus_message, decltype(&::sd_bus_message_unref)>;

Code code_of(std::string_view name) {
  if (name.ends_with(".NoSuchUnit") || name.ends_with(".LoadFailed")) return Code::not_found;
  if (name.ends_with(".AccessDenied") || name.ends_with(".InteractiveAuthorizationRequired"))
    return Code::permission_denied;
  if (name.ends_with(".InvalidArgs") || name.ends_with(".PropertyReadOnly") || name.ends_with(".UnknownProperty"))
    return Code::invalid_argument;
  return Code::internal;
}

// A file descriptor connected to a socket's path, or -errno. Never blocks: with a full backlog connect() would.
int connect_to(const std::string& path) {
  sockaddr_un address{};
  address.sun_family = AF_UNIX;
  if (path.size() >= sizeof address.sun_path) return -ENAMETOOLONG;
  std::memcpy(address.sun_path, path.data(), path.size());
  const int fd = ::socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
  if (fd < 0) return -errno;
  if (::connect(fd, reinterpret_cast<const sockaddr*>(&address), sizeof address) == 0) return fd;
  const int error_number = errno;
  ::close(fd);
  return -error_number;
}

std::string in_hex(const std::uint8_t* bytes, std::size_t size) {
  constexpr std::string_view kDigits = "0123456789abcdef";
  std::string text;
  for (std::size_t i = 0; i < size; ++i) {
    text += kDigits[bytes[i] >> 4];
    text += kDigits[bytes[i] & 15];
  }
  return text;
}

template <class Number>
Result<std::string> number_in(sd_bus_message* message, char type) {
  Number number{};
  if (::sd_bus_message_read_basic(message, type, &number) <= 0) return fail(Code::corrupt, "not a number");
  return std::to_string(number);
}

Result<std::string> text_in(sd_bus_message* message) {
  char type = 0;
  const char* contents = nullptr;
  if (::sd_bus_message_peek_type(message, &type, &contents) <= 0 || type != 'v' || contents == nullptr)
    return fail(Code::corrupt, "not a property");
  const std::string kind = contents;
  if (::sd_bus_message_enter_container(message, 'v', kind.c_str()) <= 0) return fail(Code::corrupt, "not a property");
  if (kind == "s") {
    const char* text = nullptr;
    if (::sd_bus_message_read_basic(message, 's', &text) <= 0) return fail(Code::corrupt, "not a text");
    return std::string(text);
  }
  if (kind == "u") return number_in<std::uint32_t>(message, 'u');
  if (kind == "i") return number_in<std::int32_t>(message, 'i');
  if (kind == "t") return number_in<std::uint64_t>(message, 't');
  if (kind == "ay") {
    const void* bytes = nullptr;
    std::size_t size = 0;
    if (::sd_bus_message_read_array(message, 'y', &bytes, &size) < 0) return fail(Code::corrupt, "not bytes");
    return in_hex(static_cast<const std::uint8_t*>(bytes), size);
  }
  return fail(Code::corrupt, "a property of type " + kind + " is not understood");
}

}  // namespace

struct SystemdBus::Impl {
  sd_bus* bus = nullptr;
  bool is_private = false;
  bool is_usable = true;
  milliseconds timeout{0};
  std::set<std::string> changed;

  Impl() = default;
  Impl(const Impl&) = delete;
  Impl& operator=(const Impl&) = delete;
  ~Impl() { ::sd_bus_close_unref(bus); }

  [[nodiscard]] const char* destination() const { return is_private ? nullptr : kName; }

  Result<Message> call(sd_bus_message* request, const std::string& what) {
    BusError error;
    sd_bus_message* reply = nullptr;
    const auto limit = static_cast<std::uint64_t>(microseconds(timeout).count());
    const int result = ::sd_bus_call(bus, request, limit, &error.error, &reply);
    if (result >= 0) return Message(reply, &::sd_bus_message_unref);
    const std::string_view name = error.error.name == nullptr ? "" : error.error.name;
    // Everything that does not come from systemd itself is the connection's failure.
    const bool is_answer = !name.empty() && name != SD_BUS_ERROR_NO_REPLY && name != SD_BUS_ERROR_TIMEOUT &&
                           name != SD_BUS_ERROR_DISCONNECTED && name != SD_BUS_ERROR_SERVICE_UNKNOWN;
    if (!is_answer) is_usable = false;
    if (result == -ETIMEDOUT || name == SD_BUS_ERROR_NO_REPLY)
      return fail(Code::deadline_exceeded,
                  what + ": systemd has not answered within " + std::to_string(timeout.count()) + " ms");
    if (!is_answer) return fail(Code::unavailable, what + ": " + std::strerror(-result));
    return fail(code_of(name), what + ": " + (error.error.message == nullptr ? "refused" : error.error.message));
  }

  Result<Message> request(const char* path, const char* interface, const char* method) {
    sd_bus_message* message = nullptr;
    const int result = ::sd_bus_message_new_method_call(bus, &message, destination(), path, interface, method);
    if (result >= 0) return Message(message, &::sd_bus_message_unref);
    if (result == -ENOTCONN) is_usable = false;
    return fail(error_from_errno(-result, method));
  }

  // Drives the handshake to its end; sd-bus by itself would wait for 90 s.
  Status finish_connecting() {
    const auto end = std::chrono::steady_clock::now() + timeout;
    while (true) {
      const int result = ::sd_bus_process(bus, nullptr);
      if (result < 0) return fail(error_from_errno(-result, "connect to systemd"));
      if (::sd_bus_is_ready(bus) > 0) return {};
      if (result > 0) continue;
      const auto left = std::chrono::duration_cast<microseconds>(end - std::chrono::steady_clock::now());
      if (left.count() <= 0)
        return fail(Code::deadline_exceeded,
                    "connect to systemd: no answer within " + std::to_string(timeout.count()) + " ms");
      (void)::sd_bus_wait(bus, static_cast<std::uint64_t>(left.count()));
    }
  }

  void process_all() {
    while (true) {
      const int result = ::sd_bus_process(bus, nullptr);
      if (result < 0) is_usable = false;
      if (result <= 0) return;
    }
  }

  static int on_change(sd_bus_message* message, void* self, sd_bus_error*) {
    const char* path = ::sd_bus_message_get_path(message);
    auto& changed = static_cast<Impl*>(self)->changed;
    if (path != nullptr && changed.size() < kMostChanges) changed.insert(path);
    return 0;
  }
};

SystemdBus::SystemdBus(std::unique_ptr<Impl> impl) : impl_(std::move(impl)) {}
SystemdBus::SystemdBus(SystemdBus&&) noexcept = default;
SystemdBus& SystemdBus::operator=(SystemdBus&&) noexcept = default;
SystemdBus::~SystemdBus() = default;

Result<SystemdBus> SystemdBus::connect(const SystemdBusOptions& options) {
  auto impl = std::make_unique<Impl>();
  impl->timeout = options.timeout;
  int fd = connect_to(options.private_socket);
  impl->is_private = fd >= 0;
  if (fd < 0) fd = connect_to(options.system_bus);
  if (fd < 0)
    return fail(Error{Code::unavailable,
                      "connect to " + options.system_bus + ": " + std::strerror(-fd)});
  if (const int result = ::sd_bus_new(&impl->bus); result < 0) {
    ::close(fd);
    return fail(error_from_errno(-result, "connect to systemd"));
  }
  int result = ::sd_bus_set_fd(impl->bus, fd, fd);
  if (result < 0) ::close(fd);
  if (result >= 0 && !impl->is_private) result = ::sd_bus_set_bus_client(impl->bus, 1);
  if (result >= 0) result = ::sd_bus_start(impl->bus);
  if (result < 0) return fail(error_from_errno(-result, "connect to systemd"));
  if (auto connected = impl->finish_connecting(); !connected) return fail(connected.error());
  return SystemdBus(std::move(impl));
}

bool SystemdBus::is_usable() const { return impl_->is_usable && ::sd_bus_is_open(impl_->bus) > 0; }

Result<std::string> SystemdBus::load_unit(const std::string& unit) {
  auto request = impl_->request(kManagerPath, kManager, "LoadUnit");
  if (!request) return fail(request.error());
  if (::sd_bus_message_append(request->get(), "s", unit.c_str()) < 0)
    return fail(Code::invalid_argument, "'" + unit + "' is not a unit's name");
  const auto reply = impl_->call(request->get(), unit);
  if (!reply) return fail(reply.error());
  const char* path = nullptr;
  if (::sd_bus_message_read_basic(reply->get(), 'o', &path) <= 0)
    return fail(Code::corrupt, unit + ": systemd's answer is not understood");
  return std::string(path);
}

Result<std::string> SystemdBus::property(const std::string& object, const std::string& interface,
                                         const std::string& name) {
  auto request = impl_->request(object.c_str(), "org.freedesktop.DBus.Properties", "Get");
  if (!request) return fail(request.error());
  const std::string full = std::string(kName) + "." + interface;
  if (::sd_bus_message_append(request->get(), "ss", full.c_str(), name.c_str()) < 0)
    return fail(Code::invalid_argument, "'" + name + "' is not a property's name");
  const auto reply = impl_->call(request->get(), name);
  if (!reply) return fail(reply.error());
  auto text = text_in(reply->get());
  if (!text) return fail(text.error().within(name));
  return text;
}

Status SystemdBus::set_properties(const std::string& unit,
                                  const std::vector<std::pair<std::string, std::uint64_t>>& properties) {
  auto request = impl_->request(kManagerPath, kManager, "SetUnitProperties");
  if (!request) return fail(request.error());
  sd_bus_message* message = request->get();
  int result = ::sd_bus_message_append(message, "sb", unit.c_str(), 1);  // 1: runtime
  if (result >= 0) result = ::sd_bus_message_open_container(message, 'a', "(sv)");
  for (const auto& [name, value] : properties)
    if (result >= 0) result = ::sd_bus_message_append(message, "(sv)", name.c_str(), "t", value);
  if (result >= 0) result = ::sd_bus_message_close_container(message);
  if (result < 0) return fail(error_from_errno(-result, unit));
  if (const auto reply = impl_->call(message, unit); !reply) return fail(reply.error());
  return {};
}

Status SystemdBus::subscribe() {
  // On the private socket all changes are sent anyway.
  if (!impl_->is_private) {
    auto request = impl_->request(kManagerPath, kManager, "Subscribe");
    if (!request) return fail(request.error());
    if (const auto reply = impl_->call(request->get(), "subscribe"); !reply) return fail(reply.error());
  }
  constexpr const char* kMatch =
      "type='signal',interface='org.freedesktop.DBus.Properties',member='PropertiesChanged',"
      "path_namespace='/org/freedesktop/systemd1/unit'";
  const int result = ::sd_bus_add_match(impl_->bus, nullptr, kMatch, &Impl::on_change, impl_.get());
  if (result < 0) return fail(error_from_errno(-result, "subscribe to changes of units"));
  return {};
}

std::set<std::string> SystemdBus::wait_for_changes(milliseconds most, int wake_fd) {
  impl_->process_all();
  if (impl_->changed.empty() && is_usable()) {
    const int events = ::sd_bus_get_events(impl_->bus);
    std::array<pollfd, 2> fds{
        {{::sd_bus_get_fd(impl_->bus), static_cast<short>(std::max(events, 0)), 0}, {wake_fd, POLLIN, 0}}};
    (void)::poll(fds.data(), fds.size(), static_cast<int>(most.count()));
    impl_->process_all();
  }
  return std::exchange(impl_->changed, {});
}

}  // namespace base
