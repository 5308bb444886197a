#include "guard/source/cgroup/open.h"

#include <algorithm>
#include <cerrno>
#include <system_error>

#include <sys/stat.h>
#include <unistd.h>

namespace guard::source {

std::string reason_of(const char* name, int error_number) {
  if (error_number == ENODEV) return "the cgroup is gone";
  return std::string(name) + ": " + std::generic_category().message(error_number);
}

ControllerFiles::ControllerFiles(const sample::ControllerFolder& folder, const char* name, const SmallFiles& files)
    : files_(files), exists_(folder.exists()), version_(folder.version) {
  if (!exists_) {
    why_ = std::string("no ") + name + " controller";
    return;
  }
  folder_ = Folder(folder.path);
  if (folder_.is_open()) return;
  const bool is_gone = folder_.error_number() == ENOENT || folder_.error_number() == ENODEV;
  why_ = is_gone ? "the cgroup is gone" : reason_of(folder.path.c_str(), folder_.error_number());
}

ControllerFiles::~ControllerFiles() {
  for (const OpenFile& file : open_) ::close(file.fd);
}

std::uint64_t ControllerFiles::inode() const {
  struct stat status {};
  return folder_.is_open() && ::fstat(folder_.fd(), &status) == 0 ? status.st_ino : 0;
}

SmallFileText ControllerFiles::text(const char* name, SmallFileBuffer& buffer) {
  const auto known = std::find_if(open_.begin(), open_.end(), [&](const OpenFile& file) { return file.name == name; });
  int fd = known == open_.end() ? -1 : known->fd;
  if (fd < 0) {
    fd = files_.open(folder_.fd(), name);
    if (fd < 0) return {{}, -fd};
    open_.push_back({name, fd});
  }
  const SmallFileText file = files_.read_open(fd, buffer);
  if (file.error_number == ENODEV) gone_ = true;
  return file;
}

OpenCgroup::OpenCgroup(const sample::Cgroup& cgroup, const SmallFiles& files)
    : memory(cgroup.memory, "memory", files),
      cpu(cgroup.cpu, "cpu", files),
      cpuacct(cgroup.cpuacct, "cpuacct", files),
      pids(cgroup.pids, "pids", files),
      pressure(cgroup.pressure, "pressure", files) {
  const auto controllers = {&memory, &cpu, &cpuacct, &pids, &pressure};
  const auto first = std::find_if(controllers.begin(), controllers.end(),
                                  [](const ControllerFiles* controller) { return controller->inode() != 0; });
  if (first == controllers.end() || (*first)->inode() == cgroup.inode) return;
  for (ControllerFiles* controller : controllers) controller->refuse("another cgroup has taken its name");
}

bool OpenCgroup::gone() const {
  return memory.gone() || cpu.gone() || cpuacct.gone() || pids.gone() || pressure.gone();
}

std::size_t OpenCgroup::open_files() const {
  return memory.open_files() + cpu.open_files() + cpuacct.open_files() + pids.open_files() + pressure.open_files();
}

bool OpenCgroup::is_unlimited_by(const ControllerFiles& controller) const {
  if (controller.exists() || gone()) return false;
  const auto controllers = {&memory, &cpu, &pids};
  const auto is_v1 = [](const ControllerFiles* other) { return other->exists() && other->version() == 1; };
  const auto is_read = [](const ControllerFiles* other) { return other->exists() && other->why().empty(); };
  return std::ranges::none_of(controllers, is_v1) && std::ranges::any_of(controllers, is_read);
}

const std::string* identifying_folder(const sample::Cgroup& cgroup) {
  for (const sample::ControllerFolder* folder :
       {&cgroup.memory, &cgroup.cpu, &cgroup.cpuacct, &cgroup.pids, &cgroup.pressure}) {
    if (folder->exists()) return &folder->path;
  }
  return nullptr;
}

}  // namespace guard::source
