#include "agent/recording/docker_json.h"

#include <nlohmann/json.hpp>

namespace agent::recording {

std::optional<DockerJsonRow> parse_docker_json(std::string_view line) {
  const auto row = nlohmann::json::parse(line, nullptr, false);
  if (!row.is_object()) return std::nullopt;
  const auto text = [&row](const char* key) {
    const auto found = row.find(key);
    return found != row.end() && found->is_string() ? found->get<std::string>() : std::string();
  };
  DockerJsonRow parsed{text("Name"), text("ID"), text("MemUsage")};
  if (parsed.name.empty() || parsed.usage.empty()) return std::nullopt;
  return parsed;
}

}  // namespace agent::recording
