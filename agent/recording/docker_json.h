#pragma once
// One line of `docker stats --no-stream --format '{{json .}}'`.

#include <optional>
#include <string>
#include <string_view>

namespace agent::recording {

struct DockerJsonRow {
  std::string name;
  std::string id;
  std::string usage;  // "12.5MiB / 700MiB"
};

std::optional<DockerJsonRow> parse_docker_json(std::string_view line);

}  // namespace agent::recording
