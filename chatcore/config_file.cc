#include "chatcore/config_file.h"

#include <algorithm>
#include <cerrno>
#include <fstream>

#include "base/config/yaml_tree.h"
#include "chatcore/settings.h"

namespace chatcore {
namespace {

using base::config::Position;
using base::config::YamlNode;
using Kind = YamlNode::Kind;

constexpr std::size_t kMaxFileBytes = 1u << 20;

// Walks the document along the settings table; nothing below an unknown key is looked at, so the depth of the walk
// is that of the table whatever the file nests.
class Walk {
 public:
  Walk(std::string name, ConfigFile& out) : name_(std::move(name)), out_(out) {}

  void map(const YamlNode& node, const std::string& prefix) {
    for (const YamlNode& entry : node.children) value(entry, prefix + entry.key);
  }

  void fail(Position at, std::string message) { out_.errors.push_back({place(at), std::move(message)}); }

 private:
  [[nodiscard]] std::string place(Position at) const {
    if (at.line == 0) return name_;
    return name_ + ":" + std::to_string(at.line) + ":" + std::to_string(at.column);
  }

  void value(const YamlNode& node, const std::string& key) {
    if (find_setting(key)) {
      if (node.kind == Kind::scalar)
        out_.texts.push_back({key, node.text, place(node.at)});
      else if (node.kind == Kind::null)
        out_.texts.push_back({key, "", place(node.key_at)});
      else
        fail(node.at,
             key + ": a single value is expected here" +
                 (node.kind == Kind::list ? "; where it may be several, they are one text, parted by commas" : ""));
    } else if (is_section(key)) {
      if (node.kind == Kind::map)
        map(node, key + ".");
      else if (node.kind != Kind::null)
        fail(node.at, key + ": keys are expected below it");
    } else {
      const std::string nearest = nearest_name(key, all_keys());
      fail(node.key_at, key + ": unknown key" + (nearest.empty() ? "" : "; did you mean " + nearest + "?"));
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
  const auto document = base::config::parse_yaml(yaml);
  for (const auto& problem : document.problems) walk.fail(problem.at, problem.message);
  if (document.root.kind == Kind::map)
    walk.map(document.root, "");
  else if (document.root.kind != Kind::null)
    walk.fail(document.root.at, "the file must be a map of settings");
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
