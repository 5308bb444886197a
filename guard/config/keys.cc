#include "guard/config/keys.h"

#include <map>
#include <set>
#include <vector>

#include "base/config/yaml_tree.h"
#include "guard/config/leakguard_schema_json.h"

namespace guard::config {

namespace {

using base::config::YamlNode;

// Views into the tree of the schema, which is kept.
class SchemaKeys {
 public:
  SchemaKeys() { add_keys_below(schema_, ""); }

  [[nodiscard]] std::span<const std::string_view> of(const std::string& section) const {
    const auto found = by_section_.find(section);
    return found == by_section_.end() ? std::span<const std::string_view>() : std::span(found->second);
  }

 private:
  static const YamlNode* find(const YamlNode& node, std::string_view key) {
    for (const auto& child : node.children) {
      if (child.key == key) return &child;
    }
    return nullptr;
  }

  // What "#/properties/a/items" names.
  [[nodiscard]] const YamlNode& resolve(std::string_view reference) const {
    const YamlNode* node = &schema_;
    while (!reference.empty()) {
      reference.remove_prefix(reference.find('/') + 1);
      const auto end = std::min(reference.find('/'), reference.size());
      const YamlNode* next = find(*node, reference.substr(0, end));
      if (next == nullptr) return *node;
      node = next;
      reference.remove_prefix(end);
    }
    return *node;
  }

  // Knows what this schema uses: $ref, properties, items, and anyOf for a value of several forms.
  void add_keys_below(const YamlNode& schema, const std::string& section) {
    if (const auto* reference = find(schema, "$ref")) return add_keys_below(resolve(reference->text), section);
    if (const auto* properties = find(schema, "properties")) {
      auto& keys = by_section_[section];
      for (const auto& property : properties->children) {
        keys.emplace_back(property.key);
        add_keys_below(property, section.empty() ? property.key : section + "." + property.key);
      }
    }
    if (const auto* items = find(schema, "items")) add_keys_below(*items, section + "[]");
    if (const auto* forms = find(schema, "anyOf")) {
      for (const auto& form : forms->children) add_keys_below(form, section);
    }
  }

  const YamlNode schema_ = base::config::parse_yaml(kLeakguardSchemaJson).root;  // JSON is YAML
  std::map<std::string, std::vector<std::string_view>> by_section_;
};

}  // namespace

std::string section_of(std::string_view path) {
  std::string section;
  bool inside = false;
  for (const char c : path) {
    if (c == ']') inside = false;
    if (!inside) section += c;
    if (c == '[') inside = true;
  }
  return section;
}

std::span<const std::string_view> keys_of(std::string_view path) {
  static const SchemaKeys kKeys;
  return kKeys.of(section_of(path));
}

std::string_view schema() { return kLeakguardSchemaJson; }

}  // namespace guard::config
