#pragma once
// Reads typed values out of one map of the tree and notes everything that is wrong on the way, each with its place and
// key. A value that cannot be read leaves the default standing, so that one pass finds all problems.

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/units.h"
#include "guard/config/config.h"
#include "guard/config/yaml_tree.h"

namespace guard::config {

// What one file's readers share.
struct ReadContext {
  std::string file;
  const Environment& environment;
  std::vector<ConfigProblem> problems;
  std::vector<std::string> mounts = {};  // host.mounts, once read: what rules may be about

  void add_problem(Position at, std::string key, std::string message);
};

// A scalar after ${VAR} expansion.
struct Scalar {
  std::string text;
  std::string written;  // as in the file: what problems may show, since a variable's value may be a secret
  Position at;
};

class Reader {
 public:
  // The map at `path`. A null node or pointer is an empty map; anything else is a problem. Keys that keys_of(path) does
  // not have are problems. The node must outlive the reader.
  Reader(const YamlNode* node, std::string path, ReadContext& context);

  [[nodiscard]] bool has(std::string_view key) const { return find(key) != nullptr; }
  [[nodiscard]] const YamlNode* find(std::string_view key) const;
  [[nodiscard]] const std::string& path() const { return path_; }
  [[nodiscard]] std::string path_of(std::string_view key) const;
  [[nodiscard]] ReadContext& context() const { return *context_; }
  // All entries, for maps with free keys.
  [[nodiscard]] const std::vector<YamlNode>& entries() const;

  // The map under `key`; empty when it is not there.
  [[nodiscard]] Reader map(std::string_view key) const { return {find(key), path_of(key), *context_}; }
  // The items of the list under `key`; none when it is not there. A single scalar or map is refused, not wrapped.
  [[nodiscard]] const std::vector<YamlNode>& list(std::string_view key) const;
  // Scalars of the list under `key`, with the places they stand at.
  [[nodiscard]] std::vector<Scalar> texts(std::string_view key) const;

  // Reads the value under `key` into `out` when it is there and right; true then. All note what is wrong.
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

  // Notes a problem at the value of `key`, or at this map when the key is not there; "" for the map itself.
  void problem(std::string_view key, std::string message) const;

 private:
  const YamlNode* node_;  // a map, or nothing
  Position at_;
  std::string path_;
  ReadContext* context_;
};

// A scalar node's text with ${VAR} replaced and $$ turned into $; notes a missing variable. `what` says what would have
// been right for a node that is no scalar: "text", "a duration such as 30s".
std::optional<Scalar> read_scalar(const YamlNode& node, const std::string& path, std::string_view what,
                                  ReadContext& context);

// `[lowest, highest]`, or a problem that says so; true when it lies within.
bool check_range(const Reader& reader, std::string_view key, base::Duration value, base::Duration lowest,
                 base::Duration highest);
bool check_range(const Reader& reader, std::string_view key, std::int64_t value, std::int64_t lowest,
                 std::int64_t highest);

// "web", "cleanup-line", "a.b_c": what becomes a metric's label and a part of an address. Notes what is wrong.
bool check_name(const Reader& reader, std::string_view key, const std::string& name);
// "/absolute/path" without "..".
bool check_path(const Reader& reader, std::string_view key, const std::string& path);
// "127.0.0.1:5432", "[::1]:5432", "localhost:5432": a literal address, since a name would have to be looked up.
bool check_address(const Reader& reader, std::string_view key, const std::string& address);
// "http://…" or "https://…" with a host.
bool check_url(const Reader& reader, std::string_view key, const std::string& url);

}  // namespace guard::config
