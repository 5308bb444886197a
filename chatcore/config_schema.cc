#include "chatcore/config_schema.h"

#include <nlohmann/json.hpp>

#include "chatcore/settings.h"

namespace chatcore {

std::string config_schema() {
  using Json = nlohmann::ordered_json;
  const auto map_of = [](std::string_view description) {
    return Json{{"type", {"object", "null"}}, {"description", description}, {"additionalProperties", false}};
  };
  Json schema = {{"$schema", "http://json-schema.org/draft-07/schema#"},
                 {"title", "chatcore configuration"},
                 {"description", "${VARIABLE} in a value inserts an environment variable; $$ is a literal $."},
                 {"type", "object"},
                 {"additionalProperties", false}};
  Json& document = schema["properties"];
  for (const Setting& setting : settings()) {
    const std::string section(section_of(setting));
    if (!section.empty() && !document.contains(section)) document[section] = map_of("Settings of " + section + ".");
    Json& properties = section.empty() ? document : document[section]["properties"];
    Json& value = properties[std::string(key_of(setting))];
    value["type"] = {"string", "number", "boolean", "null"};
    if (setting.is_list) value["type"].push_back("array");
    value["description"] = std::string(setting.help) + ". As a flag: --" + flag_of(setting) +
                           (setting.reloadable ? ". Takes effect with a reload." : ". Takes effect with a restart.");
    value["default"] = setting.default_text;
  }
  return schema.dump(2) + "\n";
}

}  // namespace chatcore
