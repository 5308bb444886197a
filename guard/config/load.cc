#include <algorithm>
#include <cctype>
#include <cerrno>
#include <filesystem>
#include <fstream>
#include <map>
#include <system_error>

#include <unistd.h>

#include "base/socket_address.h"
#include "base/web/web_config.h"
#include "guard/config/config.h"
#include "guard/config/keys.h"
#include "guard/config/sections.h"
#include "guard/config/trust.h"

namespace guard::config {

namespace {

constexpr std::size_t kMostReceivers = 64;
constexpr std::size_t kMostFragments = 1000;

struct Source {
  std::string name;
  std::string text;
  bool is_fragment = false;  // of conf.d: workloads and notify only
};

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
  context.mounts = draft.config.host.mounts;
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

// The problems of one source, in the order of its lines.
std::vector<ConfigProblem> read_source(const Source& source, const Environment& environment, Draft& draft) {
  ReadContext context{source.name, environment, {}, {}};
  if (source.text.size() > kMostFileBytes) {
    context.add_problem({}, "", "more than " + base::format_bytes({kMostFileBytes}) + " is not read");
    return context.problems;
  }
  const auto document = base::config::parse_yaml(source.text);
  for (const auto& problem : document.problems) context.add_problem(problem.at, "", problem.message);
  // A tree that ended early would add nothing but problems that are none.
  if (document.problems.empty()) read_document(document.root, source.is_fragment, context, draft);
  std::stable_sort(context.problems.begin(), context.problems.end(), [](const auto& a, const auto& b) {
    return std::pair(a.line, a.column) < std::pair(b.line, b.column);
  });
  return std::move(context.problems);
}

// A variable's value may be a secret: wherever a problem repeats one, it names the variable instead.
class Expansions {
 public:
  // `environment`, noting what it gives out. Must not outlive this.
  Environment noting(const Environment& environment) {
    return [this, &environment](std::string_view name) {
      auto value = environment(name);
      if (value && !value->empty()) names_.emplace(*value, name);
      return value;
    };
  }
  void mask(ConfigProblem& problem) const {
    for (auto value = names_.rbegin(); value != names_.rend(); ++value) {  // longest first
      const std::string variable = "${" + value->second + "}";
      problem.message = replaced(problem.message, value->first, variable);
      problem.key = replaced(problem.key, value->first, variable);
    }
  }

 private:
  struct ShorterFirst {
    bool operator()(const std::string& a, const std::string& b) const {
      return std::pair(a.size(), std::string_view(a)) < std::pair(b.size(), std::string_view(b));
    }
  };
  // A short one not within a word or number: a value of "1" must not turn 16 into nonsense. A longer one may be a
  // secret.
  static std::string replaced(const std::string& text, const std::string& value, const std::string& by) {
    const auto kind_of = [](char c) {
      return std::isdigit(static_cast<unsigned char>(c)) != 0   ? 1
             : std::isalpha(static_cast<unsigned char>(c)) != 0 ? 2
                                                                : 0;
    };
    const auto joins = [&](char a, char b) { return kind_of(a) != 0 && kind_of(a) == kind_of(b); };
    std::string out;
    std::size_t from = 0;
    for (auto at = text.find(value); at != std::string::npos; at = text.find(value, at + 1)) {
      if (at < from) continue;
      const auto end = at + value.size();
      constexpr std::size_t kShort = 4;
      const bool is_within_word = value.size() < kShort && ((at > 0 && joins(text[at - 1], value.front())) ||
                                                            (end < text.size() && joins(value.back(), text[end])));
      if (is_within_word) continue;
      out.append(text, from, at - from).append(by);
      from = end;
    }
    return out.append(text, from);
  }

  std::map<std::string, std::string, ShorterFirst> names_;  // by value
};

ConfigResult read_sources(const std::vector<Source>& sources, const Environment& environment,
                          std::vector<ConfigProblem> problems) {
  Draft draft;
  Expansions expansions;
  const Environment noting = expansions.noting(environment);
  for (const auto& source : sources) {
    const auto found = read_source(source, noting, draft);
    problems.insert(problems.end(), found.begin(), found.end());
  }
  const auto loose_ends = check_dependencies(draft);
  problems.insert(problems.end(), loose_ends.begin(), loose_ends.end());
  if (problems.empty()) return {std::move(draft.config), {}};
  for (auto& problem : problems) expansions.mask(problem);
  if (problems.size() > kMostProblems) {
    problems.resize(kMostProblems);
    problems.push_back({sources.front().name, 0, 0, "", "there are more problems, which are not shown"});
  }
  return {std::nullopt, std::move(problems)};
}

// Up to one byte more than a file may have, so that the reader sees that it is too large.
std::optional<std::string> read_file(const std::string& path, std::vector<ConfigProblem>& problems) {
  std::error_code error;
  if (!std::filesystem::is_regular_file(path, error)) {
    problems.push_back({path, 0, 0, "", error ? "cannot be read: " + error.message() : "is not a file"});
    return std::nullopt;
  }
  if (::geteuid() == 0) {
    if (auto distrust = find_distrust(path); !distrust.empty()) {
      problems.push_back({path, 0, 0, "", std::move(distrust)});
      return std::nullopt;
    }
  }
  errno = 0;
  std::ifstream stream(path, std::ios::binary);
  std::string text(kMostFileBytes + 1, '\0');
  stream.read(text.data(), static_cast<std::streamsize>(text.size()));
  if (!stream.is_open() || stream.bad()) {
    problems.push_back({path, 0, 0, "", "cannot be read: " + std::generic_category().message(errno)});
    return std::nullopt;
  }
  text.resize(static_cast<std::size_t>(stream.gcount()));
  return text;
}

// The *.yml of conf.d beside `path`, in lexical order; none when there is no such folder.
std::vector<std::string> list_fragments(const std::string& path, std::vector<ConfigProblem>& problems) {
  namespace fs = std::filesystem;
  const auto folder = fs::path(path).parent_path() / "conf.d";
  std::vector<std::string> fragments;
  std::error_code error;
  for (fs::directory_iterator entry(folder, error), end; !error && entry != end; entry.increment(error)) {
    const auto name = entry->path().filename().string();
    if (entry->path().extension() == ".yml" && name.front() != '.') fragments.push_back(entry->path().string());
    if (fragments.size() > kMostFragments) {
      problems.push_back({folder.string(), 0, 0, "", "more than 1000 files"});
      return {};
    }
  }
  if (error && error != std::errc::no_such_file_or_directory)
    problems.push_back({folder.string(), 0, 0, "", "cannot be read: " + error.message()});
  std::sort(fragments.begin(), fragments.end());
  return fragments;
}

bool is_reached_by_others(const std::string& listen) {
  const auto address = base::parse_listen_address(listen);
  return address && !base::is_loopback(*address);
}

// What is wrong with the web config file, and with listening beyond this machine with it.
std::vector<ConfigProblem> check_web_config(const Config& config) {
  const std::string& path = config.agent.web_config_file;
  if (path.empty()) return {};
  if (::geteuid() == 0) {
    if (auto distrust = find_distrust(path); !distrust.empty()) return {{path, 0, 0, "", std::move(distrust)}};
  }
  const auto read = base::load_web_config(path);
  if (!read.config) return read.problems;
  const bool is_open = !config.web.allow_insecure && std::ranges::any_of(config.agent.listen, is_reached_by_others);
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

}  // namespace

ConfigResult parse_config(std::string_view yaml, std::string_view file_name, const Environment& environment) {
  return read_sources({{std::string(file_name), std::string(yaml), false}}, environment, {});
}

ConfigResult load_config(const std::string& path, const Environment& environment) {
  std::vector<ConfigProblem> problems;
  std::vector<Source> sources;
  const auto main_text = read_file(path, problems);
  if (!main_text) return {std::nullopt, std::move(problems)};
  sources.push_back({path, *main_text, false});
  for (const auto& fragment : list_fragments(path, problems)) {
    if (auto text = read_file(fragment, problems)) sources.push_back({fragment, std::move(*text), true});
  }
  ConfigResult result = read_sources(sources, environment, std::move(problems));
  if (!result.config) return result;
  result.problems = check_web_config(*result.config);
  if (!result.problems.empty()) result.config.reset();
  return result;
}

}  // namespace guard::config
