#include <algorithm>
#include <utility>

#include "base/config/files.h"
#include "base/socket_address.h"
#include "base/web/web_config.h"
#include "guard/config/config.h"
#include "guard/config/keys.h"
#include "guard/config/sections.h"

namespace guard::config {

namespace {

using base::config::ConfigText;

constexpr std::size_t kMostReceivers = 64;
void refuse_main_sections(const Reader& root) {
  for (const auto* section : {"agent", "web", "engine", "host"}) {
    if (root.has(section)) root.problem(section, "stands in the main file only");
  }
}

void read_document(const YamlNode& document, bool is_fragment, ReadContext& context, Draft& draft) {
  const Reader root(&document, "", context);
  if (is_fragment) {
    refuse_main_sections(root);
  } else {
    // These first, wherever they stand: addresses are checked against `web`, rules against the sampling interval.
    read_web(root.map("web"), draft.config.web);
    read_agent(root.map("agent"), draft.config.web, draft.config.agent);
    read_engine(root.map("engine"), draft.config.engine);
    read_host(root.map("host"), draft.config.host);
  }
  const auto& workloads = root.list("workloads");
  for (std::size_t i = 0; i < workloads.size(); ++i) {
    if (draft.config.workloads.size() >= kMostWorkloads) {
      root.problem("workloads", "more than " + std::to_string(kMostWorkloads) + " workloads");
      break;
    }
    read_workload(Reader(&workloads[i], "workloads[" + std::to_string(i) + "]", context), draft);
  }
  const auto& receivers = root.list("notify");
  for (std::size_t i = 0; i < receivers.size(); ++i) {
    if (draft.config.notify.size() >= kMostReceivers) {
      root.problem("notify", "more than " + std::to_string(kMostReceivers) + " receivers");
      break;
    }
    read_receiver(Reader(&receivers[i], "notify[" + std::to_string(i) + "]", context), draft);
  }
}

ConfigResult read_texts(const std::vector<ConfigText>& texts, const Environment& environment,
                        std::vector<ConfigProblem> problems) {
  Draft draft;
  base::config::ExpandedValues values;
  const Environment noting = values.noting(environment);
  for (const auto& text : texts) {
    const auto found = base::config::read_yaml(
        text.text, {text.file, keys_of, noting},
        [&](const YamlNode& root, ReadContext& context) { read_document(root, text.is_fragment, context, draft); });
    problems.insert(problems.end(), found.begin(), found.end());
  }
  const auto loose_ends = check_dependencies(draft);
  problems.insert(problems.end(), loose_ends.begin(), loose_ends.end());
  if (problems.empty()) return {std::move(draft.config), {}};
  for (auto& problem : problems) {
    problem.message = values.mask(std::move(problem.message));
    problem.key = values.mask(std::move(problem.key));
  }
  if (problems.size() > kMostProblems) {
    problems.resize(kMostProblems);
    problems.push_back({texts.front().file, 0, 0, "", "there are more problems, which are not shown"});
  }
  return {std::nullopt, std::move(problems)};
}

bool is_reachable_remotely(const std::string& listen) {
  const auto address = base::parse_listen_address(listen);
  return address && !base::is_loopback(*address);
}

}  // namespace

ConfigResult parse_config(std::string_view yaml, std::string_view file_name, const Environment& environment) {
  return read_texts({{std::string(file_name), std::string(yaml), false}}, environment, {});
}

ConfigResult load_config(const std::string& path, const Environment& environment) {
  std::vector<ConfigProblem> problems;
  const auto texts = base::config::read_config_files(path, problems);
  if (texts.empty()) return {std::nullopt, std::move(problems)};
  return read_texts(texts, environment, std::move(problems));
}

std::vector<ConfigProblem> check_web_config(const Config& config) {
  const std::string& path = config.agent.web_config_file;
  if (path.empty()) return {};
  const auto read = base::load_web_config(path);
  if (!read.config) return read.problems;
  const bool is_open = !config.web.allow_insecure && std::ranges::any_of(config.agent.listen, is_reachable_remotely);
  if (is_open && !read.config->tls)
    return {{path, 0, 0, "tls_server_config",
             "missing, but other machines can reach an address in agent.listen: passwords and pages would be sent "
             "unencrypted; add it, or set web.allow_insecure to true"}};
  if (is_open && !read.config->authenticates())
    return {{path, 0, 0, "basic_auth_users",
             "missing, but other machines can reach an address in agent.listen: add users, or client_auth_type: "
             "RequireAndVerifyClientCert, or set web.allow_insecure to true where everyone may read the status"}};
  return {};
}

}  // namespace guard::config
