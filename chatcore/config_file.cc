#include "chatcore/config_file.h"

#include <algorithm>
#include <cerrno>
#include <fstream>
#include <set>

#include <yaml-cpp/yaml.h>

#include "chatcore/settings.h"

namespace chatcore {
namespace {

constexpr std::size_t kMaxFileBytes = 1u << 20;

// Walks the document along the settings table; nothing below an unknown key is looked at, so the depth of the walk
// is that of the table whatever the file nests.
class Walk {
 public:
  Walk(std::string name, ConfigFile& out) : name_(std::move(name)), out_(out) {}

  void map(const YAML::Node& node, const std::string& prefix) {
    std::set<std::string> seen;
    for (const auto& entry : node) {
      if (!entry.first.IsScalar()) {
        fail(entry.first, "a key must be a plain word");
        continue;
      }
      const std::string key = prefix + entry.first.Scalar();
      if (!seen.insert(key).second)
        fail(entry.first, key + ": given twice");
      else
        value(entry.first, entry.second, key);
    }
  }

  void fail(const YAML::Node& at, std::string message) {
    out_.errors.push_back({place(at.Mark()), std::move(message)});
  }

  [[nodiscard]] std::string place(const YAML::Mark& mark) const {
    if (mark.is_null()) return name_;
    return name_ + ":" + std::to_string(mark.line + 1) + ":" + std::to_string(mark.column + 1);
  }

 private:
  void value(const YAML::Node& key_node, const YAML::Node& node, const std::string& key) {
    if (find_setting(key)) {
      if (node.IsScalar())
        out_.texts.push_back({key, node.Scalar(), place(node.Mark())});
      else if (node.IsNull())
        out_.texts.push_back({key, "", place(key_node.Mark())});
      else
        fail(node, key + ": a single value is expected here" +
                       (node.IsSequence() ? "; where it may be several, they are one text, parted by commas" : ""));
    } else if (is_section(key)) {
      if (node.IsMap())
        map(node, key + ".");
      else if (!node.IsNull())
        fail(node, key + ": keys are expected below it");
    } else {
      const std::string nearest = nearest_name(key, all_keys());
      fail(key_node, key + ": unknown key" + (nearest.empty() ? "" : "; did you mean " + nearest + "?"));
    }
  }

  static bool is_section(const std::string& key) {
    return std::ranges::any_of(settings(), [&](const Setting& s) { return s.name.starts_with(key + "."); });
  }

  static std::vector<std::string> all_keys() {
    std::vector<std::string> keys;
    for (const Setting& setting : settings()) {
      keys.emplace_back(setting.name);
      if (const auto dot = setting.name.find('.'); dot != std::string_view::npos) {
        keys.emplace_back(setting.name.substr(0, dot));
      }
    }
    return keys;
  }

  const std::string name_;
  ConfigFile& out_;
};

}  // namespace

ConfigFile parse_config_file(std::string_view yaml, const std::string& name) {
  ConfigFile out;
  Walk walk(name, out);
  try {
    const YAML::Node document = YAML::Load(std::string(yaml));
    if (document.IsMap())
      walk.map(document, "");
    else if (!document.IsNull())
      walk.fail(document, "the file must be a map of settings");
  } catch (const YAML::Exception& exception) {
    out.errors.push_back({walk.place(exception.mark), exception.msg});
  }
  return out;
}

base::Result<ConfigFile> read_config_file(const std::string& path) {
  std::ifstream file(path, std::ios::binary);
  if (!file) return base::fail(base::error_from_errno(errno, "open " + path));
  std::string text(kMaxFileBytes + 1, '\0');
  file.read(text.data(), static_cast<std::streamsize>(text.size()));
  if (file.bad()) return base::fail(base::error_from_errno(errno, "read " + path));
  text.resize(static_cast<std::size_t>(file.gcount()));
  if (text.size() > kMaxFileBytes) return base::fail(base::Code::too_large, "read " + path + ": over 1 MiB");
  return parse_config_file(text, path);
}

}  // namespace chatcore
