#include "chatcore/config_file.h"

#include <map>
#include <utility>

#include "base/config/reader.h"
#include "chatcore/settings.h"

namespace chatcore {
namespace {

using base::config::ConfigProblem;
using base::config::Reader;
using Kind = base::config::YamlNode::Kind;

using KeysBySection = std::map<std::string_view, std::vector<std::string_view>>;

const KeysBySection& keys_by_section() {
  static const KeysBySection kKeys = [] {
    KeysBySection keys;
    for (const Setting& setting : settings()) {
      const auto section = section_of(setting);
      if (!section.empty() && keys[section].empty()) keys[""].push_back(section);
      keys[section].push_back(key_of(setting));
    }
    return keys;
  }();
  return kKeys;
}

std::span<const std::string_view> keys_of(std::string_view path) {
  const auto found = keys_by_section().find(path);
  return found == keys_by_section().end() ? std::span<const std::string_view>() : std::span(found->second);
}

// "app.example, other.example" of a list.
std::string joined(const std::vector<base::config::Scalar>& items, std::string base::config::Scalar::*form) {
  std::string text;
  for (const auto& item : items) text += (text.empty() ? "" : ", ") + item.*form;
  return text;
}

std::string place_of(const std::string& file, int line, int column) {
  return line == 0 ? file : file + ":" + std::to_string(line) + ":" + std::to_string(column);
}

ConfigError error_of(const ConfigProblem& problem) {
  return {place_of(problem.file, problem.line, problem.column),
          problem.key.empty() ? problem.message : problem.key + ": " + problem.message};
}

void read_setting(const Setting& setting, const Reader& section, ConfigFile& out) {
  const auto key = key_of(setting);
  const auto* node = section.find(key);
  if (node == nullptr) return;
  const auto at = node->kind == Kind::null ? node->key_at : node->at;
  SettingText text{std::string(setting.name), "", place_of(section.context().file, at.line, at.column)};
  if (setting.is_list && node->kind == Kind::list) {
    const auto items = section.texts(key);
    for (const auto& item : items) {
      if (item.text.empty() || item.text.find_first_of(", \t\n") != std::string::npos)
        section.context().add_problem(item.at, section.path_of(key),
                                      "a value must not be empty or contain commas or blanks");
    }
    text.text = joined(items, &base::config::Scalar::text);
    if (auto written = joined(items, &base::config::Scalar::written); written != text.text)
      text.written = std::move(written);
  } else if (node->kind != Kind::null) {
    auto scalar = section.scalar(key);
    if (!scalar) return;
    text.text = std::move(scalar->text);
    if (scalar->written != text.text) text.written = std::move(scalar->written);
  }
  out.texts.push_back(std::move(text));
}

}  // namespace

ConfigFile parse_config_files(const std::vector<base::config::ConfigText>& texts,
                              const base::config::Environment& environment, std::vector<ConfigProblem> problems) {
  ConfigFile out;
  const auto read = [&out](const base::config::YamlNode& root, base::config::ReadContext& context) {
    const Reader document(&root, "", context);
    std::map<std::string_view, Reader> sections;
    for (const auto section : keys_of("")) {
      if (!keys_of(section).empty()) sections.emplace(section, document.map(section));
    }
    for (const Setting& setting : settings()) {
      const auto section = section_of(setting);
      read_setting(setting, section.empty() ? document : sections.at(section), out);
    }
  };
  for (const auto& text : texts) {
    const auto found = base::config::read_yaml(text.text, {text.file, keys_of, environment}, read);
    problems.insert(problems.end(), found.begin(), found.end());
  }
  for (const ConfigProblem& problem : problems) {
    if (out.errors.size() == base::config::kMostProblems) {
      out.errors.push_back({"", "there are more problems, which are not shown"});
      break;
    }
    out.errors.push_back(error_of(problem));
  }
  return out;
}

ConfigFile read_config_file(const std::string& path, const base::config::Environment& environment) {
  std::vector<ConfigProblem> problems;
  const auto texts = base::config::read_config_files(path, problems);
  return parse_config_files(texts, environment, std::move(problems));
}

}  // namespace chatcore
