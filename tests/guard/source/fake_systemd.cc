#include "tests/guard/source/fake_systemd.h"

#include <cstring>
#include <utility>

#include <poll.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

namespace guard::source {
namespace {

std::string object_of(const std::string& unit) {
  char* path = nullptr;
  if (::sd_bus_path_encode("/org/freedesktop/systemd1/unit", unit.c_str(), &path) < 0) return {};
  std::string object(path);
  ::free(path);
  return object;
}

std::string unit_of(const char* object) {
  char* unit = nullptr;
  if (::sd_bus_path_decode(object, "/org/freedesktop/systemd1/unit", &unit) <= 0) return {};
  std::string name(unit);
  ::free(unit);
  return name;
}

}  // namespace

FakeSystemd::FakeSystemd() : listener_(::socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0)) {
  sockaddr_un address{};
  address.sun_family = AF_UNIX;
  std::strncpy(address.sun_path, folder_.at("private").c_str(), sizeof address.sun_path - 1);
  const bool is_open = ::bind(listener_, reinterpret_cast<const sockaddr*>(&address), sizeof address) == 0 &&
                       ::listen(listener_, 8) == 0 && ::pipe(wake_) == 0;
  if (is_open) thread_ = std::thread([this] { serve(); });
}

FakeSystemd::~FakeSystemd() {
  is_over_ = true;
  (void)!::write(wake_[1], "x", 1);
  if (thread_.joinable()) thread_.join();
  for (const int fd : {listener_, wake_[0], wake_[1]}) ::close(fd);
}

void FakeSystemd::set(const std::string& unit, std::map<std::string, std::string> properties) {
  const std::lock_guard lock(mutex_);
  units_[unit] = std::move(properties);
  changed_.push_back(unit);
  (void)!::write(wake_[1], "x", 1);
}

std::vector<std::string> FakeSystemd::last_set() const {
  const std::lock_guard lock(mutex_);
  return last_set_;
}

base::SystemdBusOptions FakeSystemd::options(std::chrono::milliseconds timeout) const {
  return {folder_.at("private"), "/nonexistent", timeout};
}

void FakeSystemd::serve() {
  while (!is_over_) {
    pollfd fds[2] = {{listener_, POLLIN, 0}, {wake_[0], POLLIN, 0}};
    (void)::poll(fds, 2, -1);
    if (is_over_) return;
    char byte = 0;
    if ((fds[1].revents & POLLIN) != 0) (void)!::read(wake_[0], &byte, 1);
    if ((fds[0].revents & POLLIN) == 0) continue;
    const int fd = ::accept4(listener_, nullptr, nullptr, SOCK_CLOEXEC | SOCK_NONBLOCK);
    sd_bus* bus = nullptr;
    const sd_id128_t id = {{1}};
    ::sd_bus_new(&bus);
    ::sd_bus_set_fd(bus, fd, fd);
    ::sd_bus_set_server(bus, 1, id);
    ::sd_bus_add_filter(bus, nullptr, &FakeSystemd::on_message, this);
    if (::sd_bus_start(bus) >= 0) serve_client(bus);
    ::sd_bus_close_unref(bus);
  }
}

// One client at a time, until it goes.
void FakeSystemd::serve_client(sd_bus* bus) {
  while (!is_over_ && ::sd_bus_is_open(bus) > 0) {
    if (!hangs_) {
      const int result = ::sd_bus_process(bus, nullptr);
      if (result < 0) return;
      if (result > 0) continue;
    }
    pollfd fds[2] = {{::sd_bus_get_fd(bus), static_cast<short>(hangs_ ? 0 : ::sd_bus_get_events(bus)), 0},
                     {wake_[0], POLLIN, 0}};
    (void)::poll(fds, 2, -1);
    if ((fds[0].revents & POLLHUP) != 0) return;
    if ((fds[1].revents & POLLIN) == 0) continue;
    char byte = 0;
    (void)!::read(wake_[0], &byte, 1);
    const std::lock_guard lock(mutex_);
    for (const std::string& unit : std::exchange(changed_, {})) {
      sd_bus_message* signal = nullptr;
      ::sd_bus_message_new_signal(bus, &signal, object_of(unit).c_str(), "org.freedesktop.DBus.Properties",
                                  "PropertiesChanged");
      ::sd_bus_message_append(signal, "sa{sv}as", "org.freedesktop.systemd1.Unit", 0, 0);
      ::sd_bus_send(bus, signal, nullptr);
      ::sd_bus_message_unref(signal);
    }
  }
}

int FakeSystemd::on_message(sd_bus_message* message, void* self, sd_bus_error*) {
  return static_cast<FakeSystemd*>(self)->answer(message);
}

int FakeSystemd::answer(sd_bus_message* message) {
  const std::lock_guard lock(mutex_);
  if (::sd_bus_message_is_method_call(message, nullptr, "LoadUnit") > 0) {
    const char* unit = nullptr;
    ::sd_bus_message_read(message, "s", &unit);
    if (std::string(unit).find('@') == 0)
      return ::sd_bus_reply_method_errorf(message, SD_BUS_ERROR_INVALID_ARGS, "Unit name %s is not valid.", unit);
    return ::sd_bus_reply_method_return(message, "o", object_of(unit).c_str());
  }
  if (::sd_bus_message_is_method_call(message, nullptr, "SetUnitProperties") > 0) {
    const char* unit = nullptr;
    int runtime = 0;
    ::sd_bus_message_read(message, "sb", &unit, &runtime);
    last_set_ = {unit, runtime != 0 ? "runtime" : "for ever"};
    ::sd_bus_message_enter_container(message, 'a', "(sv)");
    const char* name = nullptr;
    std::uint64_t value = 0;
    while (::sd_bus_message_read(message, "(sv)", &name, "t", &value) > 0)
      last_set_.push_back(std::string(name) + "=" + std::to_string(value));
    if (!units_.contains(unit))
      return ::sd_bus_reply_method_errorf(message, "org.freedesktop.systemd1.NoSuchUnit", "Unit %s not loaded.", unit);
    return ::sd_bus_reply_method_return(message, "");
  }
  if (::sd_bus_message_is_method_call(message, nullptr, "Get") <= 0) return 0;
  const char* interface = nullptr;
  const char* name = nullptr;
  ::sd_bus_message_read(message, "ss", &interface, &name);
  const std::string unit = unit_of(::sd_bus_message_get_path(message));
  const auto properties = units_.find(unit);
  std::string value;
  if (properties == units_.end())
    value = std::string(name) == "LoadState" ? "not-found" : std::string(name) == "ActiveState" ? "inactive" : "";
  else if (properties->second.contains(name))
    value = properties->second.at(name);
  const std::string_view property(name);
  if (property == "NRestarts" || property == "MainPID")
    return ::sd_bus_reply_method_return(message, "v", "u", static_cast<std::uint32_t>(std::atoi(value.c_str())));
  if (property == "ExecMainCode" || property == "ExecMainStatus")
    return ::sd_bus_reply_method_return(message, "v", "i", std::atoi(value.c_str()));
  if (property == "ActiveEnterTimestamp")
    return ::sd_bus_reply_method_return(message, "v", "t", static_cast<std::uint64_t>(std::atoll(value.c_str())));
  if (property == "InvocationID") {
    sd_bus_message* reply = nullptr;
    ::sd_bus_message_new_method_return(message, &reply);
    ::sd_bus_message_open_container(reply, 'v', "ay");
    ::sd_bus_message_append_array(reply, 'y', value.data(), value.size());
    ::sd_bus_message_close_container(reply);
    const int result = ::sd_bus_send(nullptr, reply, nullptr);
    ::sd_bus_message_unref(reply);
    return result < 0 ? result : 1;
  }
  return ::sd_bus_reply_method_return(message, "v", "s", value.c_str());
}

}  // namespace guard::source
