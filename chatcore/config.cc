#include "chatcore/config.h"

#include <algorithm>
#include <chrono>
#include <string_view>
#include <utility>

#include "base/config/nearest_key.h"
#include "base/socket_address.h"
#include "chatcore/settings.h"

namespace chatcore {

namespace {

// Why the text is refused, in words that show no variable's value.
std::string refusal_of(const Setting& setting, const SettingText& text, const base::Error& error) {
  if (text.written.empty()) return error.message;
  Config scratch;
  const auto applied = setting.apply(scratch, text.written);
  return applied ? "not valid with its variables expanded: \"" + text.written + '"' : applied.error().message;
}

}  // namespace

LoadedConfig load_config(const std::vector<SettingText>& texts) {
  LoadedConfig loaded;
  for (const Setting& setting : settings()) {
    // A default that its own setting refuses is a bug that the unit tests find.
    if (auto applied = setting.apply(loaded.config, setting.default_text); !applied) {
      loaded.errors.push_back({"default", std::string(setting.name) + ": " + applied.error().message});
    }
    loaded.texts[std::string(setting.name)] = setting.default_text;
  }
  for (const auto& text : texts) {
    const Setting* setting = find_setting(text.name);
    if (!setting) {
      loaded.errors.push_back({text.where, text.name + ": no such setting"});
    } else if (auto applied = setting->apply(loaded.config, text.text); !applied) {
      loaded.errors.push_back({text.where, text.name + ": " + refusal_of(*setting, text, applied.error())});
    } else {
      loaded.texts[text.name] = text.text;
    }
  }
  return loaded;
}

bool is_loopback(std::string_view listen) {
  const auto address = base::parse_listen_address(listen);
  return address && base::is_loopback(*address);
}

std::vector<ConfigError> check_authentication(const Config& config, bool on_loopback) {
  // Whether the web config file has users is seen when it is read (read_access).
  const bool configured =
      !config.auth.keys_file.empty() || !config.auth.jwt_secret_file.empty() || !config.web_config_file.empty();
  const auto is_any_page = [](const std::string& origin) { return origin == "*" || origin == "null"; };
  if (!configured && std::ranges::any_of(config.allowed_origins, is_any_page)) {
    return {{"allowed_origins",
             "lets every web page send requests, and no keys are set: set auth.keys_file or auth.jwt_secret_file, or "
             "name the "
             "pages' origins"}};
  }
  const bool has_keys = !config.auth.keys_file.empty() || !config.auth.jwt_secret_file.empty();
  if (config.auth.required == AuthRequired::no && has_keys) {
    return {{"auth.required", "is false, but auth.keys_file or auth.jwt_secret_file is set: take one of them out"}};
  }
  if (config.auth.required == AuthRequired::yes && !configured) {
    return {{"auth.required", "is true, so set auth.keys_file, auth.jwt_secret_file, or web_config_file with users"}};
  }
  if (config.auth.required == AuthRequired::automatic && !configured && !on_loopback) {
    return {{"listen",
             "other hosts can reach this address without authentication: set auth.keys_file (lines of user:key), "
             "auth.jwt_secret_file or web_config_file, or listen on 127.0.0.1, or, on a network where everyone may "
             "read everything, set "
             "auth.required to false"}};
  }
  return {};
}

std::vector<ConfigError> check_summary(const Config& config) {
  if (!config.conversation.summary) return {};
  if (config.llm.base_url.empty()) {
    return {{"conversation.summary",
             "is true, but the built-in answerer quotes and cannot summarise: set llm.base_url and llm.model to a "
             "language model's, or conversation.summary to false"}};
  }
  const auto tokens = static_cast<std::size_t>(config.conversation.summary_size.count / 4);
  if (config.conversation.max_tokens != 0 && 2 * tokens > config.conversation.max_tokens) {
    return {{"conversation.summary_size",
             "is about " + std::to_string(tokens) + " tokens, more than half of conversation.max_tokens (" +
                 std::to_string(config.conversation.max_tokens) + "): make it less, or that more"}};
  }
  return {};
}

std::vector<ConfigError> check_retention(const Config& config) {
  std::vector<ConfigError> errors;
  const bool is_postgresql = config.database.url.starts_with("postgres");
  if (config.retention.max_size.count > 0 && is_postgresql) {
    errors.push_back(
        {"retention.max_size",
         "works with SQLite only (PostgreSQL does not report the space in use): set retention.conversations "
         "instead"});
  }
  if (config.retention.max_size.count > 0 && config.retention.max_size < base::mebibytes(16)) {
    errors.push_back({"retention.max_size", "is less than the minimum of 16m; is the unit missing?"});
  }
  // A shorter time removes what its users still read. It is most likely another unit that was meant.
  constexpr std::chrono::hours kLeast{1};
  for (const auto& [name, time] : {std::pair("retention.conversations", config.retention.conversations),
                                   std::pair("retention.responses", config.retention.responses)}) {
    if (time.count() > 0 && time < kLeast) {
      errors.push_back({name, base::format_duration(time) + " is less than the minimum of 1h: stored texts would be " +
                                  "removed while they are in use. Write days, such as 30d, or off to keep them"});
    }
  }
  if (!errors.empty()) return errors;
  if (config.retention.conversations.count() > 0 && config.retention.conversations < config.conversation.time_to_live)
    errors.push_back(
        {"retention.conversations", "is less than conversation.ttl: what is in memory would lose its text"});
  return errors;
}

std::vector<std::string> changed_settings(const LoadedConfig& before, const LoadedConfig& after) {
  std::vector<std::string> changed;
  for (const auto& [name, text] : after.texts) {
    const auto old = before.texts.find(name);
    if (old == before.texts.end() || old->second != text) changed.push_back(name);
  }
  return changed;
}

std::vector<ConfigError> idle_settings(const Config& config) {
  std::vector<ConfigError> idle;
  const auto look = [&](const std::string& address, const std::string& value, const char* name, const char* remedy) {
    if (address.empty() && !value.empty()) idle.push_back({name, std::string("has no effect without ") + remedy});
  };
  constexpr auto kLlm = "llm.base_url: the built-in answerer answers";
  look(config.llm.base_url, config.llm.model, "llm.model", kLlm);
  look(config.llm.base_url, config.llm.api_key_file, "llm.api_key_file", kLlm);
  look(config.llm.base_url, config.llm.ca_file, "llm.ca_file", kLlm);
  look(config.llm.base_url, config.llm.system_prompt, "llm.system_prompt", kLlm);
  constexpr auto kEmbeddings = "embeddings.base_url: the built-in embedder embeds";
  look(config.embeddings.base_url, config.embeddings.model, "embeddings.model", kEmbeddings);
  look(config.embeddings.base_url, config.embeddings.api_key_file, "embeddings.api_key_file", kEmbeddings);
  look(config.embeddings.base_url, config.embeddings.ca_file, "embeddings.ca_file", kEmbeddings);
  constexpr auto kTokens = "auth.jwt_secret_file: no token is taken";
  look(config.auth.jwt_secret_file, config.auth.jwt_issuer, "auth.jwt_issuer", kTokens);
  look(config.auth.jwt_secret_file, config.auth.jwt_audience, "auth.jwt_audience", kTokens);
  return idle;
}

std::vector<SettingText> settings_of_environment(const char* const* environment) {
  std::vector<SettingText> found;
  for (; *environment; ++environment) {
    const std::string_view entry(*environment);
    const auto equals = entry.find('=');
    if (equals == std::string_view::npos) continue;
    for (const Setting& setting : settings()) {
      const std::string name = environment_of(setting);
      if (entry.substr(0, equals) != name) continue;
      found.push_back({std::string(setting.name), std::string(entry.substr(equals + 1)), name});
    }
  }
  return found;
}

std::vector<ConfigError> slips_of_environment(const char* const* environment) {
  constexpr std::string_view kPrefix = "CHATCORE_";
  std::vector<std::string> names{"CONFIG"};
  for (const Setting& setting : settings()) names.push_back(environment_of(setting).substr(kPrefix.size()));
  std::vector<ConfigError> slips;
  for (; *environment; ++environment) {
    const std::string_view entry(*environment);
    if (!entry.starts_with(kPrefix)) continue;
    const std::string name(entry.substr(kPrefix.size(), entry.find('=') - kPrefix.size()));
    if (std::ranges::find(names, name) != names.end()) continue;
    const std::string nearest(base::config::nearest_key(name, names));
    if (nearest.empty()) continue;
    const std::string prefix(kPrefix);
    slips.push_back({prefix + name, "no such setting, so it has no effect; did you mean " + prefix + nearest + "?"});
  }
  return slips;
}

base::Bytes effective_budget(const Config& config, base::Bytes cgroup_limit) {
  if (const auto& budget = config.conversation.memory_budget) {
    return budget->count == 0 ? base::Bytes::unlimited() : *budget;
  }
  const base::Bytes most = base::mebibytes(256);
  if (cgroup_limit.is_unlimited()) return most;
  // Resident memory was measured at up to 1.9 times the accounted bytes: 40 % accounted stays below 80 % resident.
  return std::min(most, base::Bytes{cgroup_limit.count / 5 * 2});
}

}  // namespace chatcore
