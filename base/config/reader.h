#pragma once
// Reads typed values from a map of the YAML tree, and records every problem with its position and key. A value that
// cannot be read keeps its default, so that one pass finds all problems.

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/config/yaml_tree.h"
#include "base/units.h"
#include "guard/config/config.h"

namespace guard::config {

using base::config::Position;
using base::config::YamlNode;

// Shared by all readers of a file.
struct ReadContext {
  std::string file;
  const Environment& environment;
  std::vector<ConfigProblem> problems;
  std::vector<std::string> mounts = {};  // host.mounts, once read, for the check of rules

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
  // The map at `path`. A null node or pointer is an empty map; other kinds, and keys that are not in keys_of(path), are
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
  bool read(std::string_view key, base::Bytes& out) const;
  bool read(std::string_view key, base::Duration& out) const;
  bool read(std::string_view key, base::Cores& out) const;
  bool read(std::string_view key, base::Ratio& out) const;
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

// Records a problem when `value` is not within [lowest, highest]. Returns whether it is.
bool check_range(const Reader& reader, std::string_view key, base::Duration value, base::Duration lowest,
                 base::Duration highest);
bool check_range(const Reader& reader, std::string_view key, std::int64_t value, std::int64_t lowest,
                 std::int64_t highest);

// "web", "cleanup-line", "a.b_c": a name for metric labels and URLs. Records a problem otherwise.
bool check_name(const Reader& reader, std::string_view key, const std::string& name);
// "/absolute/path" without "..".
bool check_path(const Reader& reader, std::string_view key, const std::string& path);
// "127.0.0.1:5432", "[::1]:5432", "localhost:5432": a literal address; names are not resolved.
bool check_address(const Reader& reader, std::string_view key, const std::string& address);
// "http://…" or "https://…" with a host.
bool check_url(const Reader& reader, std::string_view key, const std::string& url);

}  // namespace guard::config
