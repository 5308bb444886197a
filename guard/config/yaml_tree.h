#pragma once
// YAML text as a tree in which every value and key knows where it stood. The only part that meets yaml-cpp; it works
// on that library's events, since its own tree keeps the last of two equal keys and follows aliases without a bound.

#include <string>
#include <string_view>
#include <vector>

namespace guard::config {

struct Position {
  int line = 0;  // from 1; 0 for the file as a whole
  int column = 0;
};

struct YamlNode {
  enum class Kind { null, scalar, list, map } kind = Kind::null;
  Position at;
  std::string text;  // a scalar's, as written
  std::string key;   // when it is a map's entry
  Position key_at;
  std::vector<YamlNode> children;  // a list's items or a map's entries, in order; no two entries have the same key
};

struct YamlProblem {
  Position at;
  std::string message;
};

// Bounds: what a configuration for a thousand workloads stays far below, and an alias bomb does not.
constexpr std::size_t kMostYamlBytes = std::size_t{16} << 20;  // of the tree, aliases expanded
constexpr int kMostYamlDepth = 32;
constexpr std::size_t kMostYamlKeys = 1000;  // of one map

// The document's root (null for an empty text), or what is wrong with the text: control bytes and broken UTF-8, bad
// syntax, duplicate keys, a second document, aliases of themselves, and more than the bounds. Never throws.
struct YamlResult {
  YamlNode root;
  std::vector<YamlProblem> problems;
};
YamlResult parse_yaml(std::string_view text);

}  // namespace guard::config
