#include "guard/config/keys.h"

#include <algorithm>
#include <fstream>
#include <set>
#include <sstream>
#include <string>
#include <vector>

#include <gtest/gtest.h>

#include "base/config/yaml_tree.h"
#include "guard/config/config.h"

namespace guard::config {
namespace {

using base::config::parse_yaml;
using base::config::YamlNode;

TEST(SectionOf, LeavesOutTheIndices) {
  EXPECT_EQ(section_of("workloads[12].rules[0].when"), "workloads[].rules[].when");
  EXPECT_EQ(section_of(""), "");
}

TEST(AcceptedKeys, AreAllDifferent) {
  const auto keys = accepted_keys();
  EXPECT_EQ(std::set<std::string>(keys.begin(), keys.end()).size(), keys.size());
  EXPECT_NE(std::find(keys.begin(), keys.end(), "workloads[].rules[].do[].shed.url"), keys.end());
}

const YamlNode* entry_of(const YamlNode& node, std::string_view key) {
  for (const auto& child : node.children) {
    if (child.key == key) return &child;
  }
  return nullptr;
}

// What "#/properties/a/items" names within the document.
const YamlNode& resolve(const YamlNode& root, const std::string& reference) {
  const YamlNode* node = &root;
  std::istringstream steps(reference.substr(2));
  for (std::string step; std::getline(steps, step, '/') && node != nullptr;) node = entry_of(*node, step);
  EXPECT_NE(node, nullptr) << reference;
  return node == nullptr ? root : *node;
}

// The keys that a JSON schema names below `schema`, in accepted_keys' form. Knows $ref, properties, items and anyOf (a
// value of several forms), which is all this schema uses for them.
void collect(const YamlNode& root, const YamlNode& schema, const std::string& path, std::set<std::string>& keys) {
  if (const auto* reference = entry_of(schema, "$ref"))
    return collect(root, resolve(root, reference->text), path, keys);
  if (const auto* properties = entry_of(schema, "properties")) {
    for (const auto& property : properties->children) {
      const auto key = path.empty() ? property.key : path + "." + property.key;
      keys.insert(key);
      collect(root, property, key, keys);
    }
  }
  if (const auto* items = entry_of(schema, "items")) collect(root, *items, path + "[]", keys);
  if (const auto* forms = entry_of(schema, "anyOf")) {
    for (const auto& form : forms->children) collect(root, form, path, keys);
  }
}

TEST(Schema, NamesExactlyTheAcceptedKeys) {
  std::ifstream file(FIXTURES "/../../configs/leakguard.schema.json");
  std::stringstream text;
  text << file.rdbuf();
  const auto schema = parse_yaml(text.str());  // JSON is YAML
  ASSERT_TRUE(schema.problems.empty());
  std::set<std::string> in_schema;
  collect(schema.root, schema.root, "", in_schema);
  const auto accepted = accepted_keys();
  EXPECT_EQ(in_schema, std::set<std::string>(accepted.begin(), accepted.end()));
}

}  // namespace
}  // namespace guard::config
