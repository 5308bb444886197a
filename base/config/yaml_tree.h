#pragma once
// Parses YAML into a tree in which every key and value has its position. The only user of yaml-cpp; it uses its events,
// since its own tree keeps the last of two equal keys and expands aliases without a bound.

#include <string>
#include <string_view>
#include <vector>

namespace base::config {

struct Position {
  int line = 0;  // from 1; 0 for the file as a whole
  int column = 0;
};

struct YamlNode {
  enum class Kind { null, scalar, list, map } kind = Kind::null;
  Position at;
  std::string text;  // of a scalar, as written
  std::string key;   // of an entry of a map
  Position key_at;
  std::vector<YamlNode> children;  // items of a list or entries of a map, in order; keys are unique
};

struct YamlProblem {
  Position at;
  std::string message;
};

// Bounds: far above a configuration of a thousand workloads, below an alias bomb.
constexpr std::size_t kMostYamlBytes = std::size_t{16} << 20;  // of the tree with expanded aliases
constexpr int kMostYamlDepth = 32;
constexpr std::size_t kMostYamlKeys = 1000;  // in one map

// The root (null for empty text), or the problems: control characters, invalid UTF-8, syntax errors, duplicate keys, a
// second document, recursive aliases, exceeded bounds. Never throws.
struct YamlResult {
  YamlNode root;
  std::vector<YamlProblem> problems;
};
YamlResult parse_yaml(std::string_view text);

}  // namespace base::config
