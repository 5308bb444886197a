#pragma once
// Reads typed values from a map of the YAML tree, and records every problem with its position and key. A value that
// cannot be read keeps its default, so that one pass finds all problems.

#include <cstdint>
#include <functional>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "base/config/problem.h"
#include "base/config/variables.h"
#include "base/config/yaml_tree.h"
#include "base/units.h"

namespace base::config {

// The valid keys of the map at `path`; empty when any key is valid there.
using KeysOf = std::span<const std::string_view> (*)(std::string_view path);

// Shared by all readers of a file.
struct ReadContext {
  std::string file;
  KeysOf keys_of;
  Environment environment = {};  // empty: values are taken as they are written
  std::vector<ConfigProblem> problems = {};

  void add_problem(Position at, std::string key, std::string message);
};

// A scalar after ${VAR} expansion.
struct Scalar {
  std::string text;
  std::string written;  // as in the file: shown in problems, since a variable may be a secret
  Position at;
};

class Reader {
 public:
  // The map at `path`. A null node or pointer is an empty map; other kinds, and keys that are not valid there, are
  // problems. The node must outlive the reader.
  Reader(const YamlNode* node, std::string path, ReadContext& context);

  [[nodiscard]] bool has(std::string_view key) const { return find(key) != nullptr; }
  [[nodiscard]] const YamlNode* find(std::string_view key) const;
  [[nodiscard]] const std::string& path() const { return path_; }
  [[nodiscard]] std::string path_of(std::string_view key) const;
  [[nodiscard]] ReadContext& context() const { return *context_; }
  // All entries, for maps with arbitrary keys.
  [[nodiscard]] const std::vector<YamlNode>& entries() const;

  // The map under `key`; empty when missing.
  [[nodiscard]] Reader map(std::string_view key) const { return {find(key), path_of(key), *context_}; }
  // The items of the list under `key`; empty when missing. A scalar or map in its place is a problem.
  [[nodiscard]] const std::vector<YamlNode>& list(std::string_view key) const;
  // The scalars of the list under `key`, with their positions.
  [[nodiscard]] std::vector<Scalar> texts(std::string_view key) const;

  // Reads the value under `key` into `out`. Returns true when it is present and valid; records problems.
  bool read(std::string_view key, std::string& out) const;
  bool read(std::string_view key, bool& out) const;
  bool read(std::string_view key, std::int64_t& out) const;
  bool read(std::string_view key, Bytes& out) const;
  bool read(std::string_view key, Duration& out) const;
  bool read(std::string_view key, Cores& out) const;
  bool read(std::string_view key, Ratio& out) const;
  template <class T>
  bool read(std::string_view key, std::optional<T>& out) const {
    T value{};
    if (!read(key, value)) return false;
    out = value;
    return true;
  }
  [[nodiscard]] std::optional<Scalar> scalar(std::string_view key) const;

  // Records a problem at the value of `key`, or at this map when the key is missing or "".
  void problem(std::string_view key, std::string message) const;

 private:
  const YamlNode* node_;  // a map, or null
  Position at_;
  std::string path_;
  ReadContext* context_;
};

// The text of a scalar node with ${VAR} expanded and $$ replaced by $; records a missing variable. `what` names the
// expected value for a node that is not a scalar: "text", "a duration such as 30s".
std::optional<Scalar> read_scalar(const YamlNode& node, const std::string& path, std::string_view what,
                                  ReadContext& context);

// Parses `yaml` and hands its root to `read`, unless there are mistakes in the YAML itself. Returns the problems in the
// order of lines. Errors: more than kMostFileBytes.
std::vector<ConfigProblem> read_yaml(std::string_view yaml, ReadContext context,
                                     const std::function<void(const YamlNode& root, ReadContext& context)>& read);

}  // namespace base::config
